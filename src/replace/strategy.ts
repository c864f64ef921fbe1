/**
 * How an operating system lets an executable be replaced: the interface of the two strategies, and what they share.
 *
 * @module
 */

import type { Installation } from "../installation.ts";
import { inFolder } from "../path.ts";
import { removeIfThere } from "../remove.ts";
import type { Runtime } from "../runtime/types.ts";

/** What a strategy needs of a runtime. */
export type ReplaceRuntime = Pick<Runtime, "fs" | "os" | "random" | "wait">;

/** The files of one replace. */
export interface ReplaceFiles {
  /** Where the executable and its backup lie. */
  readonly installation: Installation;
  /** Path of the new executable, verified and flushed. */
  readonly staged: string;
  /** Path under which an older backup waits for the outcome; `undefined` when there was none. */
  readonly displaced: string | undefined;
}

/** The steps in which operating systems differ. None takes a signal: a swap that has begun is finished or undone. */
export interface ReplaceStrategy {
  /** Keeps the live executable as the backup. */
  backUp(files: ReplaceFiles): Promise<void>;
  /** Puts the staged executable in the place of the live one, durably. */
  swap(files: ReplaceFiles): Promise<void>;
  /** Puts the backup back in the place of the executable, whatever is there, durably; then the older backup back. */
  restore(files: Pick<ReplaceFiles, "installation" | "displaced">): Promise<void>;
}

/** Moves an older backup out of the way, durably, so that a failed update can bring it back. */
export async function displaceBackup({ fs }: Pick<Runtime, "fs">, files: ReplaceFiles): Promise<void> {
  const { installation, displaced } = files;
  if (displaced === undefined) return;
  await fs.rename(installation.backup, displaced);
  await fs.syncDirectory(installation.folder);
}

/** Brings an older backup back, if it was moved out of the way. */
export async function returnDisplaced(
  { fs }: Pick<Runtime, "fs">,
  { installation, displaced }: Pick<ReplaceFiles, "installation" | "displaced">,
): Promise<void> {
  if (displaced === undefined || await fs.stat(displaced) === undefined) return;
  await fs.rename(displaced, installation.backup);
  // Renaming one name of a file over another name of the same file does nothing (POSIX rename): drop what is left.
  await removeIfThere(fs, displaced);
  await fs.syncDirectory(installation.folder);
}

/** The path of the name under which the record knows the older backup. */
export function displacedPath(installation: Installation, name: string | null): string | undefined {
  return name === null ? undefined : inFolder(installation.folder, name);
}
