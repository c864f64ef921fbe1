/**
 * The line that puts a folder on PATH, in the language of each shell, and how it is known again.
 *
 * @module
 */

/** Writes the line for a folder. */
export type PathLine = (folder: string) => string;

/**
 * The line for `sh`, `bash` and `zsh`.
 *
 * @param folder The folder to put on PATH.
 * @returns The line.
 */
export function posixLine(folder: string): string {
  return `case ":$PATH:" in *:"${folder}":*) ;; *) export PATH="${folder}:$PATH" ;; esac`;
}

/**
 * The line for fish.
 *
 * @param folder The folder to put on PATH.
 * @returns The line.
 */
export function fishLine(folder: string): string {
  return `contains -- "${folder}" $PATH; or set -gx PATH "${folder}" $PATH`;
}

/**
 * The line for PowerShell.
 *
 * @param folder The folder to put on PATH.
 * @returns The line.
 */
export function powershellLine(folder: string): string {
  return `if (($env:PATH -split [IO.Path]::PathSeparator) -notcontains "${folder}") ` +
    `{ $env:PATH = "${folder}" + [IO.Path]::PathSeparator + $env:PATH }`;
}

/**
 * Tells whether a line is one of these, for whichever folder: an earlier home may have been another.
 *
 * @param line The line, without its end.
 * @returns Whether `cco install` may have written it.
 */
export function isPathLine(line: string): boolean {
  const folder = /"([^"]+)"/.exec(line.replace('":$PATH:"', ""))?.[1];
  if (folder === undefined) return false;
  return [posixLine, fishLine, powershellLine].some((lineFor) => lineFor(folder) === line);
}
