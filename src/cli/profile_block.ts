/**
 * The lines that `cco install` adds to the start-up file of a shell, and takes away again without a trace.
 *
 * The file is the person's: whatever has become of the block since, no line is taken away but those that were added.
 *
 * @module
 */

import { isPathLine } from "./profile_lines.ts";

const NAME = "cco path";
const END = `# <<< ${NAME} <<<`;
/** How the file was before is written into the first line, so that nothing else has to remember it. */
const STARTS = {
  whole: `# >>> ${NAME} >>>`,
  "no-line-end": `# >>> ${NAME}, after a line without end >>>`,
  absent: `# >>> ${NAME}, in a new file >>>`,
} as const;

type Kind = keyof typeof STARTS;

/**
 * Adds a block to the end of a file, once. What is left of a damaged one makes room for it.
 *
 * @param text The file's text; `undefined` when there is none.
 * @param line What to add.
 * @returns The new text; the same when the block is there already.
 */
export function addBlock(text: string | undefined, line: string): string {
  if (text !== undefined && hasBlock(text, line)) return text;
  const rest = text === undefined ? undefined : removeBlocks(text, line);
  const kind = rest === undefined ? "absent" : rest === "" || rest.endsWith("\n") ? "whole" : "no-line-end";
  const block = [STARTS[kind], line, END].join("\n") + "\n";
  return (rest ?? "") + (kind === "no-line-end" ? "\n" : "") + block;
}

/**
 * Tells whether a file has the block, whole.
 *
 * @param text The file's text.
 * @param line What the block is to hold.
 * @returns Whether it is there.
 */
export function hasBlock(text: string, line: string): boolean {
  const lines = linesOf(text).map(bare);
  return lines.some((own, at) =>
    own === line && kindOf(lines[at - 1]) !== undefined && lines[at + 1] === END
  );
}

/**
 * Takes every block away again, and of a damaged one what is left of it.
 *
 * @param text The file's text.
 * @param line What {@link addBlock} adds now.
 * @returns The text as it was before {@link addBlock}, with all that was changed around the block since; `undefined`
 * when the file was not there before and holds nothing else now. The same text when it has no block.
 */
export function removeBlocks(text: string, line: string): string | undefined {
  const lines = linesOf(text);
  const kinds = lines.map((own) => kindOf(bare(own)));
  const kept = lines.filter((_, at) => !isOurs(lines, at, line));
  if (kept.length === lines.length) return text;
  const rest = kept.join("");
  if (rest === "" && kinds.includes("absent")) return undefined;
  // A line end that was added is taken back only where nothing was written behind it since.
  const behind = lines.slice(kinds.lastIndexOf("no-line-end"));
  const isLast = kinds.includes("no-line-end") && behind.every((_, at) => isOurs(behind, at, line));
  return isLast ? rest.replace(/\n$/, "") : rest;
}

/** The marks are nobody else's. The line between them is, where one of them is missing, only if it is the very same. */
function isOurs(lines: readonly string[], at: number, line: string): boolean {
  const [before, own, after] = [lines[at - 1], lines[at], lines[at + 1]].map(bare);
  if (own === END || kindOf(own) !== undefined) return true;
  const [begins, ends] = [kindOf(before) !== undefined, after === END];
  return begins && ends ? own === line || isPathLine(own!) : (begins || ends) && own === line;
}

function kindOf(line: string | undefined): Kind | undefined {
  return (Object.keys(STARTS) as Kind[]).find((kind) => STARTS[kind] === line);
}

/** Each line with its end. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+/g) ?? [];
}

/** Editors change line ends, and leave spaces before them. */
function bare(line: string | undefined): string | undefined {
  return line?.trimEnd();
}
