/**
 * A configuration file that is there, read with suspicion: what others could have written is not obeyed (T29).
 *
 * @module
 */

import { type FileInfo, isFileError, type OpenFile } from "../../machine.ts";
import { ConfigError } from "./config_error.ts";
import type { ConfigFile, ConfigRuntime } from "./config_file.ts";
import type { FileRole } from "./file_role.ts";

/** Settings are a few lines; a larger file is a mistake or an attack on the parser (T35). */
const CONFIG_BYTES = 256 * 1024;

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
export async function readSafeFile(
  runtime: ConfigRuntime,
  path: string,
  role: FileRole,
): Promise<ConfigFile | undefined> {
  try {
    if (await runtime.fs.stat(path) === undefined) return undefined;
    const real = await runtime.fs.realPath(path).catch((error: unknown) => noTarget(path, error));
    if ((await runtime.fs.stat(real))?.kind === "directory") throw aDirectory(path);
    await checkFolder(runtime, real);
    const file = await runtime.fs.open(real, { access: "read" });
    try {
      const { mode } = checkFile(runtime, path, await file.stat(), role);
      return { path: real, text: decode(await readWhole(file, path, role), path, role), mode, role };
    } finally {
      file.close();
    }
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw unreadable(path, error);
  }
}

/** A link whose end is missing, or that comes back to itself. */
function noTarget(path: string, cause: unknown): never {
  if (isFileError(cause, "denied")) throw cause;
  const where = isFileError(cause, "absent") ? "to a file that is not there" : "that leads nowhere";
  throw new ConfigError(
    "FILE_UNREADABLE",
    `Configuration file cannot be read: ${path} is a link ${where}. Mend or remove the link`,
    { cause },
  );
}

function aDirectory(path: string): ConfigError {
  return new ConfigError(
    "FILE_UNREADABLE",
    `Configuration file is not a file: ${path} is a folder. Move it away`,
  );
}

function unreadable(path: string, cause: unknown): ConfigError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const text = isFileError(cause, "denied")
    ? `this account may not read ${path}. Change the rights of the file or its folder`
    : `${path}: ${why}`;
  return new ConfigError("FILE_UNREADABLE", `Configuration file cannot be read: ${text}`, { cause });
}

function checkFile({ uid }: ConfigRuntime, path: string, info: FileInfo, role: FileRole): FileInfo {
  if (info.kind !== "file") {
    throw new ConfigError(
      "FILE_UNSAFE",
      `Configuration file is not a file: ${path}. Move it away`,
    );
  }
  if (info.size > CONFIG_BYTES) throw tooLarge(path, role);
  if (isForeign(info, uid)) {
    throw new ConfigError(
      "FILE_UNSAFE",
      `Configuration file is refused: ${path} belongs to user ${info.uid}, not to user ${uid} or root. ` +
        `Run: chown ${uid} '${path}'`,
    );
  }
  if (((info.mode ?? 0) & 0o022) !== 0) {
    throw new ConfigError(
      "FILE_UNSAFE",
      `Configuration file is refused: others may write to ${path} (mode ${
        octal(info)
      }). Run: chmod go-w '${path}'`,
    );
  }
  return info;
}

/** Whoever may write to the folder may put another file in the file's place, unless the folder is sticky (T29). */
async function checkFolder({ fs, uid }: ConfigRuntime, path: string): Promise<void> {
  const folder = path.slice(0, Math.max(1, path.search(/[\\/][^\\/]*$/)));
  const info = await fs.stat(folder);
  if (info === undefined) return;
  const mode = info.mode ?? 0;
  const isOpen = (mode & 0o002) !== 0 && (mode & 0o1000) === 0;
  if (!isForeign(info, uid) && !isOpen) return;
  const why = isOpen
    ? `others may write to its folder ${folder}`
    : `its folder ${folder} belongs to user ${info.uid}`;
  throw new ConfigError(
    "FILE_UNSAFE",
    `Configuration file is refused: ${path}: ${why}. Mend the folder's rights`,
  );
}

function isForeign(info: FileInfo, uid: number | undefined): boolean {
  return uid !== undefined && info.uid !== undefined && info.uid !== uid && info.uid !== 0;
}

async function readWhole(file: OpenFile, path: string, role: FileRole): Promise<Uint8Array> {
  const bytes = new Uint8Array(CONFIG_BYTES + 1);
  let length = 0;
  while (length < bytes.length) {
    const count = await file.readAt(length, bytes.subarray(length));
    if (count === 0) return bytes.subarray(0, length);
    length += count;
  }
  throw tooLarge(path, role);
}

function decode(bytes: Uint8Array, path: string, { anew }: FileRole): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new ConfigError(
      "FILE_DAMAGED",
      `Configuration file is damaged: ${path} is not UTF-8 text. ${anew}`,
      { cause: error },
    );
  }
}

function tooLarge(path: string, { anew }: FileRole): ConfigError {
  return new ConfigError(
    "FILE_TOO_LARGE",
    `Configuration file is too large: ${path} has more than ${CONFIG_BYTES / 1024} KiB. ${anew}`,
  );
}

function octal({ mode }: FileInfo): string {
  return (mode ?? 0).toString(8).padStart(4, "0");
}
