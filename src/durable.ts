/**
 * Small files, read whole with a cap and written so that a power cut leaves the old content or the new one.
 *
 * @module
 */

import { isFileError } from "./errors.ts";
import { folderOf, inFolder, nameOf, randomName } from "./path.ts";
import type { FileSystem, Runtime } from "./runtime/types.ts";

/** The parts of a runtime that writing needs. */
export type DurableRuntime = Pick<Runtime, "fs" | "random" | "pid">;

/**
 * Reads a small file.
 *
 * @param fs The file system.
 * @param path Its absolute path.
 * @param maxBytes A larger file is cut there, so that the caller sees that it is too large.
 * @returns Its content, at most `maxBytes + 1` bytes, or `undefined` when there is none.
 * @throws {FileError} When it is there but cannot be read.
 */
export async function readFile(
  fs: FileSystem,
  path: string,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const file = await fs.open(path, { access: "read" });
    try {
      const bytes = new Uint8Array(Math.min((await file.stat()).size, maxBytes + 1));
      let length = 0;
      while (length < bytes.length) {
        const count = await file.readAt(length, bytes.subarray(length));
        if (count === 0) break;
        length += count;
      }
      return bytes.subarray(0, length);
    } finally {
      file.close();
    }
  } catch (error) {
    if (isFileError(error, "absent")) return undefined;
    throw error;
  }
}

/**
 * Replaces a file's content as a whole: a temporary file in the same folder, flushed, renamed over it, folder flushed.
 * A reader, also one after a power cut, sees the old content or the new one.
 *
 * @param runtime File system and randomness.
 * @param path Its absolute path; the folder must be there.
 * @param bytes The new content.
 * @param options `mode`: permission bits of the new file; `mayRevert`: the old content may be back after a power cut, so
 * that the folder is not flushed. What is there is whole all the same.
 * @throws {FileError} When it cannot be written; the old content is then still there and nothing is left beside it.
 */
export async function writeDurably(
  runtime: DurableRuntime,
  path: string,
  bytes: Uint8Array,
  options: { mode: number; mayRevert?: boolean },
): Promise<void> {
  const temporary = await writeTemporary(runtime, path, bytes, options);
  try {
    await runtime.fs.rename(temporary, path);
  } catch (error) {
    await runtime.fs.remove(temporary).catch(() => {});
    throw error;
  }
  if (!options.mayRevert) await runtime.fs.syncDirectory(folderOf(path));
}

/**
 * Creates a file with its whole content, or fails with kind `exists`: nobody ever sees it empty or half-written.
 *
 * @param runtime File system and randomness.
 * @param path Its absolute path; the folder must be there.
 * @param bytes The content.
 * @param options `mode`: permission bits.
 * @throws {FileError} `exists` when something is there; other kinds when it cannot be written.
 */
export async function createDurably(
  runtime: DurableRuntime,
  path: string,
  bytes: Uint8Array,
  options: { mode: number },
): Promise<void> {
  const temporary = await writeTemporary(runtime, path, bytes, options);
  try {
    await runtime.fs.link(temporary, path);
  } catch (error) {
    if (!isFileError(error, "unsupported", "denied", "other")) throw error;
    // FAT, exFAT and some network file systems have no hard links: there a crash may leave it half-written.
    await writeNew(runtime.fs, path, bytes, options);
  } finally {
    await runtime.fs.remove(temporary).catch(() => {});
  }
  await runtime.fs.syncDirectory(folderOf(path));
}

/**
 * Tells which process made a temporary file for writing `path`, so that one left by a dead process can be removed.
 *
 * @param path The path that is written.
 * @param name The name of a file in the same folder.
 * @returns The number of the process, or `undefined` when it is not such a file.
 */
export function temporaryWriter(path: string, name: string): number | undefined {
  const prefix = temporaryPrefix(path);
  const match = name.startsWith(prefix) ? /^(\d+)-[0-9a-f]{16}\.tmp$/.exec(name.slice(prefix.length)) : null;
  return match === null ? undefined : Number(match[1]);
}

/**
 * Removes temporary files that dead processes have left in a folder, whatever they were writing.
 *
 * @param runtime File system and processes.
 * @param folder The folder.
 * @throws {FileError} When it cannot be read.
 */
export async function removeTemporaries(
  { fs, pid, processStart }: Pick<Runtime, "fs" | "pid" | "processStart">,
  folder: string,
): Promise<void> {
  for (const name of await fs.list(folder)) {
    const writer = Number(/^\..+\.(\d+)-[0-9a-f]{16}\.tmp$/.exec(name)?.[1] ?? pid);
    if (writer === pid || await processStart(writer) !== undefined) continue;
    await fs.remove(inFolder(folder, name)).catch(() => {});
  }
}

function temporaryPrefix(path: string): string {
  return `.${nameOf(path).replace(/^\./, "")}.`;
}

async function writeTemporary(
  runtime: DurableRuntime,
  path: string,
  bytes: Uint8Array,
  options: { mode: number },
): Promise<string> {
  const name = `${temporaryPrefix(path)}${runtime.pid}-${randomName(runtime)}.tmp`;
  const temporary = inFolder(folderOf(path), name);
  await writeNew(runtime.fs, temporary, bytes, options);
  return temporary;
}

/** Makes a file and flushes it; what cannot be written whole is removed. */
async function writeNew(
  fs: FileSystem,
  path: string,
  bytes: Uint8Array,
  { mode }: { mode: number },
): Promise<void> {
  const file = await fs.open(path, { access: "create", mode });
  try {
    file.append(bytes);
    await file.sync();
  } catch (error) {
    await fs.remove(path).catch(() => {});
    throw error;
  } finally {
    file.close();
  }
}
