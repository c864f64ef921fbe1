/**
 * Text from outside, made fit for a terminal or a log: release notes, versions, addresses, servers' messages (T30).
 *
 * `util.stripVTControlCharacters` is not enough: it leaves DCS and APC strings, C1 codes, backspace, carriage return,
 * bidirectional and zero-width characters.
 *
 * @module
 */

// Every character class below excludes ESC and C1, so that no start of a sequence is scanned twice (T14).
// deno-lint-ignore no-control-regex
const STRINGS = /(?:\x1b[P\]X^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x80-\x9f]*(?:\x07|\x1b\\|\x9c)/g;
// deno-lint-ignore no-control-regex
const SEQUENCES = /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b[ -/]*[0-Z\\-~]/g;
const NEWLINES = /\r\n?|[\u2028\u2029]/g;
// C0 without tab and newline, DEL, C1; then what is invisible or reverses the direction of reading.
const FORBIDDEN =
  // deno-lint-ignore no-control-regex
  /[\0-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

// What most lines are made of: ASCII that can be seen, and the signs that this project's own lines begin with.
const PLAIN = /^[ -~…ℹ→⚠✅✓❌\ufe0f]*$/;

/**
 * Removes everything from a text that could steer a terminal or hide what is written: escape sequences, control
 * characters other than tab and newline, zero-width, bidirectional and tag characters. Line ends become `\n`.
 *
 * @example Notes that try to clear the screen
 * ```ts
 * import { safeText } from "@cco/updater/machine";
 * import assert from "node:assert/strict";
 *
 * assert.equal(safeText("- Fix\u001b[2J\r\n- \u202eevil"), "- Fix\n- evil");
 * ```
 *
 * @param text Anything.
 * @returns The text without what is not allowed, well-formed Unicode.
 */
export function safeText(text: string): string {
  // The expressions below cost more than all else about a line when they run for the first time.
  if (PLAIN.test(text)) return text;
  return text
    .toWellFormed()
    .replace(STRINGS, "")
    .replace(SEQUENCES, "")
    .replace(NEWLINES, "\n")
    .replace(FORBIDDEN, "");
}

/**
 * Like {@link safeText}, as a single line: line ends and tabs become one space, so that nothing can pose as a line
 * of its own (T31).
 *
 * @param text Anything.
 * @param maxLength Longer text is cut there and ends in an ellipsis.
 * @returns One line.
 */
export function safeLine(text: string, maxLength = 2000): string {
  const line = PLAIN.test(text) ? text : oneLine(safeText(text));
  if (line.length <= maxLength) return line;
  return line.slice(0, maxLength - 1).toWellFormed().replace(/\ufffd$/, "") + "…";
}

function oneLine(text: string): string {
  return text.replace(/[^\S ]*[\n\t][^\S ]*/g, "\n").replace(/ *\n[ \n]*/g, " ");
}
