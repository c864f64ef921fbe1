/**
 * Removing what may or may not be there.
 *
 * @module
 */

import { isFileError } from "./errors.ts";
import { inFolder } from "./path.ts";
import type { FileSystem } from "./runtime/types.ts";

/** Removes a file that may or may not be there. */
export async function removeIfThere(fs: Pick<FileSystem, "remove">, path: string): Promise<void> {
  try {
    await fs.remove(path);
  } catch (error) {
    if (!isFileError(error, "absent")) throw error;
  }
}

/**
 * Removes a file, or a folder with everything in it; links are removed, not followed. Nothing there is success.
 *
 * @param fs The file system.
 * @param path What to remove.
 * @throws {FileError} When something cannot be removed.
 */
export async function removeTree(fs: FileSystem, path: string): Promise<void> {
  const info = await fs.stat(path);
  if (info === undefined) return;
  if (info.kind === "directory") {
    for (const name of await fs.list(path)) await removeTree(fs, inFolder(path, name));
  }
  await fs.remove(path);
}
