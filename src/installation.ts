/**
 * Where everything about one installed executable lies.
 *
 * @module
 */

import { folderOf, inFolder, nameOf, randomName } from "./path.ts";
import type { Runtime } from "./runtime/types.ts";

/** The paths around one executable. All lie in its folder, so that every rename is atomic. */
export interface Installation {
  /** The executable itself, links resolved. */
  readonly executable: string;
  /** Its folder. */
  readonly folder: string;
  /** Its name in that folder. */
  readonly name: string;
  /** The record of an update in progress. */
  readonly record: string;
  /** How the names of the locks begin that are held while an update that a crash has left is being ended. */
  readonly takeover: string;
  /** The previous version, under the name administrators know. */
  readonly backup: string;
}

/** What the files are for that an update makes beside the executable and removes again. */
export type Purpose = "new" | "old" | "probe";

/**
 * The installation of an executable. Symbolic links are followed to the file itself: a link stays a link.
 *
 * @param runtime File system.
 * @param executable Its path; the running executable when absent.
 * @returns Where everything about it lies.
 * @throws {FileError} `absent` when there is no such file.
 * @throws {TypeError} When no path is given and the running executable is the JavaScript runtime itself.
 */
export async function installationOf(
  runtime: Pick<Runtime, "fs" | "execPath">,
  executable?: string,
): Promise<Installation> {
  if (executable === undefined && /^(deno|node|bun|bunx)(\.exe)?$/i.test(nameOf(runtime.execPath))) {
    // `deno run main.ts` would otherwise replace Deno with the program.
    throw new TypeError(
      `Cannot update the running executable: current value is ${runtime.execPath}, the JavaScript runtime; ` +
        "compile the program or give `executable`",
    );
  }
  const path = executable ?? runtime.execPath;
  try {
    return pathsOf(await runtime.fs.realPath(path));
  } catch (error) {
    const interrupted = await interruptedInstallation(runtime, path);
    if (interrupted === undefined) throw error;
    return interrupted;
  }
}

/** On Windows a crash may leave no executable but the record of its update: recovery must find its way without it. */
async function interruptedInstallation(
  { fs }: Pick<Runtime, "fs">,
  executable: string,
): Promise<Installation | undefined> {
  const folder = await fs.realPath(folderOf(executable)).catch(() => undefined);
  if (folder === undefined || await fs.stat(executable) !== undefined) return undefined;
  const installation = pathsOf(inFolder(folder, nameOf(executable)));
  return await fs.stat(installation.record) === undefined ? undefined : installation;
}

/** The paths around an executable whose links are resolved already. */
export function pathsOf(executable: string): Installation {
  const folder = folderOf(executable);
  const name = nameOf(executable);
  return {
    executable,
    folder,
    name,
    record: inFolder(folder, `.${name}.update.json`),
    takeover: inFolder(folder, `.${name}.update.takeover`),
    backup: `${executable}.backup`,
  };
}

/** A name nobody can guess for a file beside the executable (T24); Windows runs only what ends in `.exe`. */
export function besideName(
  runtime: Pick<Runtime, "random" | "os">,
  { name }: Pick<Installation, "name">,
  purpose: Purpose,
): string {
  return `.${name}.${purpose}-${randomName(runtime)}${runtime.os === "windows" ? ".exe" : ""}`;
}

/**
 * Tells whether a name is one that {@link besideName} makes. What is read from a record must pass this before it is
 * touched: a planted record must not make us remove or install another file (T24).
 */
export function isBesideName(
  { name }: Pick<Installation, "name">,
  purpose: Purpose,
  candidate: string,
): boolean {
  const prefix = `.${name}.${purpose}-`;
  return candidate.startsWith(prefix) && /^[0-9a-f]{16}(\.exe)?$/.test(candidate.slice(prefix.length));
}
