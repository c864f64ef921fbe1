/**
 * Names of files, as the operating system writes them: the few operations that the steps need.
 *
 * `node:path` would do, but loading it costs 4 ms of start-up in Deno, and it is on the path of every check.
 *
 * @module
 */

import type { Runtime } from "./runtime/types.ts";

/** The folder a path lies in. Both separators count: paths come from the operating system as it writes them. */
export function folderOf(path: string): string {
  const end = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"));
  if (end < 0) throw new TypeError(`Cannot name the folder of a relative path: current value is ${path}`);
  const folder = path.slice(0, end);
  return folder === "" || /^[A-Za-z]:$/.test(folder) ? path.slice(0, end + 1) : folder;
}

/** The last part of a path. */
export function nameOf(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}

/** `name` in `folder`, with the folder's own separator. */
export function inFolder(folder: string, name: string): string {
  const separator = folder.includes("\\") && !folder.includes("/") ? "\\" : "/";
  return folder.endsWith(separator) ? folder + name : folder + separator + name;
}

/** A short random text for a name that nobody can guess or plant beforehand (T24). */
export function randomName(runtime: Pick<Runtime, "random">): string {
  return Array.from(runtime.random(8), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
