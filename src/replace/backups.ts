/**
 * The previous versions that are kept beside an executable.
 *
 * `app.backup` is the newest, under the name administrators know. Older ones are `app.backup.0001`, `app.backup.0002`
 * and so on; a higher number is a newer version. A number is never given twice while its file is there, so that nothing
 * has to be renamed but what `app.backup` was.
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
 * Finds the previous versions.
 *
 * @param fs The file system.
 * @param installation Whose.
 * @returns Their paths, newest first; only files, for a link could lead anywhere (T24).
 * @throws {FileError} When the folder cannot be read.
 */
export async function backupsOf(fs: Runtime["fs"], installation: Installation): Promise<string[]> {
  const paths = [installation.backup, ...await olderBackupsOf(fs, installation)];
  const infos = await Promise.all(paths.map((path) => fs.stat(path)));
  return paths.filter((_, index) => infos[index]?.kind === "file");
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
  const [newest] = await olderBackupsOf(fs, installation);
  const number = newest === undefined ? 1 : numberOf(installation, nameOf(newest))! + 1;
  return `${nameOf(installation.backup)}.${String(number).padStart(4, "0")}`;
}

/** Whether a name is one that {@link nextOlderName} makes. */
export function isOlderName(installation: Installation, name: string): boolean {
  return numberOf(installation, name) !== undefined;
}

/**
 * Makes one of the backups the newest: those that are newer go, and it gets the name `app.backup`. A crash in between
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
  const [newest] = await backupsOf(fs, installation);
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

/** Newest first. */
async function olderBackupsOf(fs: Runtime["fs"], installation: Installation): Promise<string[]> {
  const numbered = (await fs.list(installation.folder))
    .map((name) => ({ name, number: numberOf(installation, name) ?? 0 }))
    .filter(({ number }) => number > 0);
  return numbered.sort((a, b) => b.number - a.number).map(({ name }) => inFolder(installation.folder, name));
}

/** Four digits at least: `app.backup.1` may be a person's own copy. */
function numberOf({ backup }: Installation, name: string): number | undefined {
  const prefix = `${nameOf(backup)}.`;
  const digits = name.startsWith(prefix) ? name.slice(prefix.length) : "";
  return /^(?:\d{4}|[1-9]\d{4,8})$/.test(digits) && digits !== "0000" ? Number(digits) : undefined;
}
