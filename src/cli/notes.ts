/**
 * Release notes for reading in a terminal.
 *
 * @module
 */

import { safeText } from "../../machine.ts";

/** What was written by hand is a few lines; a person reads no more before a question. */
const LINES = 10;
/** A fence around code, a rule, the line under a heading: nothing of it is to be read. */
const MARK = /^\s*(?:`{3,}.*|~{3,}.*|(?:[-*_=]\s*){3,})$/;

/**
 * The first lines of release notes, without Markdown's marks.
 *
 * @param notes The notes; not trusted (T30).
 * @param notesUrl Where they can be read in full.
 * @param columns The width of the screen; longer lines are folded there.
 * @returns The lines; the last one says where the rest is, when there is more.
 */
export function noteLines(
  notes: string | undefined,
  notesUrl: string | undefined,
  columns: number,
): string[] {
  const text = safeText(notes ?? "").replace(/<!--[^]*?(?:-->|$)/g, "");
  const lines = text.split("\n").filter((line) => !MARK.test(line)).map(readable).filter((line) =>
    line !== ""
  );
  const shown = lines.slice(0, LINES).flatMap((line) => fold(line, Math.max(20, columns - 4)));
  const rest = lines.length - LINES;
  if (rest > 0) {
    shown.push(`… and ${rest} more line${rest === 1 ? "" : "s"}${notesUrl ? `: ${notesUrl}` : ""}`);
  } else if (notesUrl !== undefined) shown.push(notesUrl);
  return shown;
}

function readable(line: string): string {
  return line
    .replace(/^\s*#{1,6}\s+/, "")
    .replace(/^(\s*)[*+]\s+/, "$1- ")
    .replace(/\*\*([^*]+)\*\*|__([^_]+)__|`([^`]+)`/g, (_, bold, strong, code) => bold ?? strong ?? code)
    .replace(/!?\[([^\]]+)\]\(([^()\s]+)\)/g, "$1 ($2)")
    .trimEnd();
}

function fold(line: string, width: number): string[] {
  const indent = /^\s*(?:- )?/.exec(line)![0].length;
  const lines: string[] = [];
  let current = "";
  for (const word of line.split(/(?<=\S)\s+/)) {
    if (current !== "" && current.length + 1 + word.length > width) {
      lines.push(current);
      current = " ".repeat(indent) + word;
    } else current = current === "" ? word : `${current} ${word}`;
  }
  return [...lines, current];
}
