/**
 * A command of the environment, such as `EDITOR`, taken apart as a shell would.
 *
 * @module
 */

/** One piece of a word: in single quotes, in double quotes, after a backslash, or plain. */
const POSIX = /'([^']*)'|"((?:[^"\\]|\\[^])*)"|\\([^])|([^\s'"\\]+)|(\s+)|([^])/g;
/** The same where a backslash is part of a path. */
const WINDOWS = /'([^']*)'|"([^"]*)"|($^)|([^\s'"]+)|(\s+)|([^])/g;

/**
 * Takes a command apart: blanks separate words, except in quotes and after a backslash. Nothing is expanded.
 *
 * @param text Such as `"/opt/my editor" --wait`.
 * @param os The operating system; on Windows a backslash is part of a path.
 * @returns Program and arguments; `undefined` when a quote is not closed.
 */
export function splitCommand(text: string, os: string): string[] | undefined {
  const isWindows = os === "windows";
  const words: string[] = [];
  let word: string | undefined;
  for (const [, single, double, escaped, plain, blank, stray] of text.matchAll(isWindows ? WINDOWS : POSIX)) {
    if (stray !== undefined) return undefined;
    if (blank !== undefined) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    const inner = isWindows ? double : double?.replace(/\\(["\\$`])/g, "$1");
    word = (word ?? "") + (single ?? inner ?? escaped ?? plain ?? "");
  }
  return word === undefined ? words : [...words, word];
}
