/**
 * Configuration files: the user's, and the administrator's.
 *
 * @module
 */

import type { Runtime } from "../../machine.ts";
import { type FileRole, OWN_FILE } from "./file_role.ts";
import { parseToml, type TomlTable } from "./toml.ts";

/** The parts of a runtime that reading needs. */
export type ConfigRuntime = Pick<Runtime, "fs" | "uid">;

/** What a configuration file says. */
export interface ConfigFile {
  /** The file itself: symbolic links resolved, as in a Kubernetes ConfigMap or a folder of dotfiles. */
  readonly path: string;
  /** Its text. */
  readonly text: string;
  /** Its permission bits; `undefined` where the system has none. */
  readonly mode: number | undefined;
  /** Whose it is, which decides how it is mended. */
  readonly role: FileRole;
}

/**
 * Reads a configuration file.
 *
 * Refused: anything but a file, more than 256 KiB, text that is not UTF-8, and on systems with owners a file that
 * belongs to somebody else than this user or root, that others may write to, or that lies in such a folder.
 *
 * @param runtime File system and user.
 * @param path The file; symbolic links are followed.
 * @param role Whose it is, which decides how it is mended.
 * @returns The file, or `undefined` when there is none.
 * @throws {ConfigError} `FILE_UNREADABLE`, `FILE_TOO_LARGE`, `FILE_UNSAFE`, `FILE_DAMAGED`.
 */
export async function readConfigFile(
  runtime: ConfigRuntime,
  path: string,
  role: FileRole = OWN_FILE,
): Promise<ConfigFile | undefined> {
  // Mostly there is none, and nothing has to be loaded to read it. Who may not even ask is told so there.
  const isAbsent = await runtime.fs.stat(path).then((info) => info === undefined, () => false);
  if (isAbsent) return undefined;
  const { readSafeFile } = await import("./safe_file.ts");
  return await readSafeFile(runtime, path, role);
}

/**
 * Reads the tables of a configuration file.
 *
 * @param file The file, `undefined` for none.
 * @returns The root table; empty for none.
 * @throws {ConfigError} `FILE_DAMAGED` when it is not TOML.
 */
export async function tablesOf(file: ConfigFile | undefined): Promise<TomlTable> {
  return file === undefined || file.text.trim() === ""
    ? {}
    : await parseToml(file.text, file.path, file.role);
}
