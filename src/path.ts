/**
 * Names of files, as the operating system writes them: the few operations that the steps need.
 *
 * `node:path` would do, but loading it costs 4 ms of start-up in Deno, and it is on the path of every check.
 *
 * @module
 */

import { UpdateError } from "./errors.ts";
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

/**
 * The path that a `file:` address names (RFC 8089): on Windows `file:///C:/folder/a%20b` is `C:\\folder\\a b`, and
 * `file://server/share/a` is `\\\\server\\share\\a`.
 *
 * `fileURLToPath` of `node:url` would do, but in Deno it always takes the system that it runs on.
 *
 * @param url The address.
 * @param os The system whose path is wanted.
 * @throws {TypeError} When it names no path: an encoded separator or NUL, what is not UTF-8, no drive (Windows), a server
 *   (elsewhere).
 */
export function pathOfFileUrl(url: string, os: Runtime["os"]): string {
  const { hostname, pathname } = new URL(url);
  const refuse = (why: string) =>
    new TypeError(`Cannot name the file of an address that ${why}: current value is ${url}`);
  const encoded = os === "windows" ? /%2f|%5c|%00/i : /%2f|%00/i;
  if (encoded.test(pathname)) throw refuse("has an encoded separator or NUL");
  const path = decoded(pathname);
  if (path === undefined) throw refuse("is not encoded UTF-8");
  if (os !== "windows") {
    if (hostname !== "") throw refuse("names a server");
    return path;
  }
  const windowsPath = path.replaceAll("/", "\\");
  if (hostname !== "") return `\\\\${hostname}${windowsPath}`;
  if (!/^\\[A-Za-z]:\\/.test(windowsPath)) throw refuse("has no drive");
  return windowsPath.slice(1);
}

function decoded(pathname: string): string | undefined {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return undefined;
  }
}

/**
 * The path that a `file:` address of a source or a manifest names.
 *
 * @param url The address.
 * @param os The system.
 * @throws {UpdateError} `ADDRESS_REFUSED` where {@link pathOfFileUrl} throws.
 */
export function pathOfSource(url: string, os: Runtime["os"]): string {
  try {
    return pathOfFileUrl(url, os);
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new UpdateError("ADDRESS_REFUSED", reason, { url, reason }, { cause });
  }
}

/** A short random text for a name that nobody can guess or plant beforehand (T24). */
export function randomName(runtime: Pick<Runtime, "random">): string {
  return Array.from(runtime.random(8), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * A path as one word of a command that a person copies into a POSIX shell.
 *
 * @param path The path.
 * @returns The path, in single quotes where the shell would read it as anything else.
 */
export function shellWord(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
