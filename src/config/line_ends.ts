/**
 * Ends of lines of a text in which some are CRLF and some LF.
 *
 * @module
 */

/** Whether some lines end with CRLF and others with LF. */
export function isMixed(text: string): boolean {
  return text.includes("\r\n") && /(?<!\r)\n/.test(text);
}

/** The same text with LF everywhere. */
export function withPlainEnds(text: string): string {
  return text.replaceAll("\r\n", "\n");
}

/**
 * Gives the lines of a changed text the ends that they had.
 *
 * @param before The text before it was changed, with its own ends.
 * @param after The changed text, with LF everywhere.
 * @returns The changed text: lines that are in both, up to the first change and from the last one on, end as before; a
 * changed line as the one in its place, and one that is new as the line above it.
 */
export function withEndsOf(before: string, after: string): string {
  const old = before.split("\n");
  const lines = after.split("\n");
  const plain = old.map((line) => line.replace(/\r$/, ""));
  const most = Math.min(plain.length, lines.length);
  let first = 0;
  while (first < most && plain[first] === lines[first]) first++;
  let last = 0;
  while (last < most - first && plain.at(-1 - last) === lines.at(-1 - last)) last++;
  let end = old[Math.max(0, first - 1)]!.endsWith("\r") ? "\r" : "";
  return lines.map((line, index) => {
    if (index === lines.length - 1) return line;
    const shift = index >= lines.length - last ? old.length - lines.length : 0;
    const place = index + shift;
    const isNew = index >= first && index < lines.length - last && place >= old.length - last;
    // The last piece has no end of its own.
    if (!isNew && place < old.length - 1) end = old[place]!.endsWith("\r") ? "\r" : "";
    return line + end;
  }).join("\n");
}
