/**
 * Whether there is room for an update, asked before it is downloaded.
 *
 * @module
 */

import { isFileError, UpdateError } from "./errors.ts";
import type { Asset } from "./manifest.ts";
import { folderOf } from "./path.ts";
import type { FileSystem } from "./runtime/types.ts";

/** Room that is needed in a folder. */
export interface NeededSpace {
  /** The folder; it must be there. */
  readonly folder: string;
  /** Bytes, on top of what is there already. */
  readonly bytes: number;
}

/**
 * Refuses an update for which there is no room: archive and executable lie on the disk at the same time. The versions
 * that are kept lie there already; the backup needs room only where it has to be a copy.
 *
 * @param fs The file system.
 * @param update The file to download, the path it is downloaded to, the folder of the executable, and what its backup
 *   takes there.
 * @throws {UpdateError} `DISK_FULL`.
 */
export async function requireRoomFor(
  fs: FileSystem,
  { asset, download, folder, backupBytes }: {
    readonly asset: Asset;
    readonly download: string;
    readonly folder: string;
    readonly backupBytes: number;
  },
): Promise<void> {
  if (asset.size === undefined) return;
  const already = (await fs.stat(download))?.size ?? 0;
  await requireSpace(fs, [
    { folder: folderOf(download), bytes: Math.max(0, asset.size - already) },
    { folder, bytes: (asset.binary?.size ?? asset.size) + backupBytes },
  ]);
}

/**
 * Refuses what there is no room for.
 *
 * @param fs The file system.
 * @param needs What is needed where; folders with exactly the same room left are taken to share it.
 * @throws {UpdateError} `DISK_FULL` with the folder, what is needed and what is there.
 */
export async function requireSpace(fs: FileSystem, needs: readonly NeededSpace[]): Promise<void> {
  const rooms = await Promise.all(
    needs.map(async (need) => ({ ...need, available: await freeSpace(fs, need.folder) })),
  );
  for (const { folder, available } of rooms) {
    if (available === undefined) continue;
    const needed = rooms.filter((room) => room.available === available)
      .reduce((sum, room) => sum + room.bytes, 0);
    if (needed <= available) continue;
    throw new UpdateError(
      "DISK_FULL",
      `Failed to install new binary: the disk is full at ${folder}: ${needed} bytes are needed, ${available} are free; ` +
        "make room there and try again",
      { path: folder, needed, available },
    );
  }
}

/** A file system that does not tell is no reason against an update. */
async function freeSpace(fs: FileSystem, folder: string): Promise<number | undefined> {
  try {
    return await fs.freeSpace(folder);
  } catch (error) {
    if (isFileError(error)) return undefined;
    throw error;
  }
}
