/**
 * The previous versions that are kept beside an executable.
 *
 * `app.backup` is the newest, under the name administrators know. Older ones are `app.backup.older-0001`,
 * `app.backup.older-0002` and so on; a higher number is a newer version. A number is never given twice while its file is
 * there, so that nothing has to be renamed but what `app.backup` was.
 *
 * `app.backup.0001` is what they were called before. People call their own copies that, by the year or the date: such a
 * file is listed, and can be gone back to by its version, but is neither removed nor renamed by itself.
 *
 * @module
 */

import { isFileError } from "../errors.ts";
import { besideName, type Installation } from "../installation.ts";
import { inFolder, nameOf } from "../path.ts";
import { removeIfThere } from "../remove.ts";
import type { Runtime } from "../runtime/types.ts";
import { patiently } from "./patience.ts";

/** What keeping backups needs of a runtime. */
type BackupRuntime = Pick<Runtime, "fs" | "random" | "os">;

/**
 * Finds the previous versions, those under former names too.
 *
 * @param fs The file system.
 * @param installation Whose.
 * @returns Their paths, newest first; only files, for a link could lead anywhere (T24).
 * @throws {FileError} When the folder cannot be read.
 */
export async function backupsOf(fs: Runtime["fs"], installation: Installation): Promise<string[]> {
  const former = (await numbered(fs, installation, formerNumberOf)).map(({ path }) => path);
  return [...await ownBackupsOf(fs, installation), ...await onlyFiles(fs, former)];
}

/**
 * Finds the previous versions that are certainly the updater's own, and so may be used without asking anybody.
 *
 * @param fs The file system.
 * @param installation Whose.
 * @returns Their paths, newest first; only files.
 * @throws {FileError} When the folder cannot be read.
 */
export async function ownBackupsOf(fs: Runtime["fs"], installation: Installation): Promise<string[]> {
  return await onlyFiles(fs, [installation.backup, ...await olderBackupsOf(fs, installation)]);
}

/**
 * The name under which the next older backup is kept.
 *
 * @param fs The file system.
 * @param installation Whose.
 * @returns A name that is not taken, and that makes it newer than the other older ones.
 * @throws {FileError} When the folder cannot be read.
 */
export async function nextOlderName(fs: Runtime["fs"], installation: Installation): Promise<string> {
  const [newest] = await numbered(fs, installation, numberOf);
  const number = (newest?.number ?? 0) + 1;
  return `${nameOf(installation.backup)}.older-${String(number).padStart(4, "0")}`;
}

/** Whether a name is one that {@link nextOlderName} makes, or made before: a record may hold one from then. */
export function isOlderName(installation: Installation, name: string): boolean {
  return (numberOf(installation, name) ?? formerNumberOf(installation, name)) !== undefined;
}

/**
 * Makes one of the backups the newest: those of our own that are newer go, and it gets the name `app.backup`. A crash in between
 * leaves fewer backups in the same order.
 *
 * @param runtime File system and randomness.
 * @param installation Whose backups.
 * @param path One of them.
 * @throws {FileError} When a file cannot be moved or removed.
 */
export async function makeNewest(
  runtime: BackupRuntime & Pick<Runtime, "wait">,
  installation: Installation,
  path: string,
): Promise<void> {
  const { fs, os } = runtime;
  const { backup, folder } = installation;
  const rename = () => fs.rename(path, backup);
  if (path === backup) return;
  for (const newer of await olderBackupsOf(fs, installation)) {
    if (newer === path) break;
    await takeAway(runtime, installation, newer);
  }
  // Before the next step: what comes back after a power cut must not come back as an older one.
  await fs.syncDirectory(folder);
  try {
    await (os === "windows" ? patiently(runtime, rename) : rename());
  } catch (error) {
    if (os !== "windows" || !isFileError(error, "busy", "denied")) throw error;
    // The program that was running during the last update still runs under that name.
    await takeAway(runtime, installation, backup);
    await patiently(runtime, rename);
  }
  await fs.syncDirectory(folder);
}

/**
 * Gives the newest of the older backups the name `app.backup` when that name is free.
 *
 * @param fs The file system.
 * @param installation Whose backups.
 * @throws {FileError} When it cannot be renamed.
 */
export async function closeGap(fs: Runtime["fs"], installation: Installation): Promise<void> {
  if (await fs.stat(installation.backup) !== undefined) return;
  const [newest] = await ownBackupsOf(fs, installation);
  if (newest !== undefined) await fs.rename(newest, installation.backup);
}

/**
 * Removes the oldest backups.
 *
 * @param runtime File system and randomness.
 * @param installation Whose backups.
 * @param keep How many stay, `app.backup` included.
 */
export async function dropOldest(
  runtime: BackupRuntime,
  installation: Installation,
  keep: number,
): Promise<void> {
  const older = await olderBackupsOf(runtime.fs, installation);
  for (const path of older.slice(keep - 1)) {
    // One that cannot be removed is no reason against an update that works: the next one tries again.
    await takeAway(runtime, installation, path).catch((error: unknown) => {
      if (!isFileError(error)) throw error;
    });
  }
}

/** Removes a backup; one that is running (Windows) is renamed, and removed at a later start. */
async function takeAway(runtime: BackupRuntime, installation: Installation, path: string): Promise<void> {
  try {
    await removeIfThere(runtime.fs, path);
  } catch (error) {
    if (!isFileError(error)) throw error;
    await runtime.fs.rename(path, inFolder(installation.folder, besideName(runtime, installation, "old")));
  }
}

/** Newest first. What is no file under such a name is not ours, and stays. */
async function olderBackupsOf(fs: Runtime["fs"], installation: Installation): Promise<string[]> {
  return await onlyFiles(fs, (await numbered(fs, installation, numberOf)).map(({ path }) => path));
}

interface Numbered {
  readonly path: string;
  readonly number: number;
}

/** Whatever is there under names with numbers, highest first. */
async function numbered(
  fs: Runtime["fs"],
  installation: Installation,
  read: (installation: Installation, name: string) => number | undefined,
): Promise<Numbered[]> {
  const found: Numbered[] = [];
  for (const name of await fs.list(installation.folder)) {
    const number = read(installation, name);
    if (number !== undefined) found.push({ path: inFolder(installation.folder, name), number });
  }
  return found.sort((a, b) => b.number - a.number);
}

async function onlyFiles(fs: Runtime["fs"], paths: readonly string[]): Promise<string[]> {
  const infos = await Promise.all(paths.map((path) => fs.stat(path)));
  return paths.filter((_, index) => infos[index]?.kind === "file");
}

function numberOf({ backup }: Installation, name: string): number | undefined {
  return digitsAfter(`${nameOf(backup)}.older-`, name);
}

function formerNumberOf({ backup }: Installation, name: string): number | undefined {
  return digitsAfter(`${nameOf(backup)}.`, name);
}

/** Four digits at least: `app.backup.1` may be a person's own copy. */
function digitsAfter(prefix: string, name: string): number | undefined {
  const digits = name.startsWith(prefix) ? name.slice(prefix.length) : "";
  return /^(?:\d{4}|[1-9]\d{4,8})$/.test(digits) && digits !== "0000" ? Number(digits) : undefined;
}
