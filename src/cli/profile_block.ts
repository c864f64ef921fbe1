/**
 * The lines that `cco install` adds to the start-up file of a shell, and takes away again without a trace.
 *
 * @module
 */

const NAME = "cco path";
const END = `# <<< ${NAME} <<<`;
/** How the file was before is written into the first line, so that nothing else has to remember it. */
const STARTS = {
  whole: `# >>> ${NAME} >>>`,
  "no-line-end": `# >>> ${NAME}, after a line without end >>>`,
  absent: `# >>> ${NAME}, in a new file >>>`,
} as const;

/**
 * Adds a block to the end of a file, once.
 *
 * @param text The file's text; `undefined` when there is none.
 * @param lines What to add.
 * @returns The new text; the same when the block is there already.
 */
export function addBlock(text: string | undefined, lines: readonly string[]): string {
  if (text !== undefined && findBlock(text) !== undefined) return text;
  const kind = text === undefined ? "absent" : text === "" || text.endsWith("\n") ? "whole" : "no-line-end";
  const block = [STARTS[kind], ...lines, END].join("\n") + "\n";
  return (text ?? "") + (kind === "no-line-end" ? "\n" : "") + block;
}

/**
 * Takes the block away again.
 *
 * @param text The file's text.
 * @returns The text as it was before {@link addBlock}, with all that was changed around the block since; `undefined`
 * when the file was not there before and holds nothing else now. The same text when it has no block.
 */
export function removeBlock(text: string): string | undefined {
  const found = findBlock(text);
  if (found === undefined) return text;
  const { kind, start, end } = found;
  const before = text.slice(0, start);
  const after = text.slice(end);
  // A line end that was added is taken back only where nothing was written behind it since.
  const rest = (kind === "no-line-end" && after === "" ? before.replace(/\n$/, "") : before) + after;
  return kind === "absent" && rest === "" ? undefined : rest;
}

function findBlock(text: string): { kind: keyof typeof STARTS; start: number; end: number } | undefined {
  for (const [kind, line] of Object.entries(STARTS) as [keyof typeof STARTS, string][]) {
    const start = text.startsWith(line) ? 0 : text.indexOf(`\n${line}`) + 1;
    if (!text.startsWith(line, start)) continue;
    const end = text.indexOf(`\n${END}`, start);
    if (end >= 0) return { kind, start, end: Math.min(text.length, end + END.length + 2) };
  }
  return undefined;
}
