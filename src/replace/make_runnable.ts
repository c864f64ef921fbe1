/**
 * Makes a backup a file that can be run before it takes the place of the executable.
 *
 * @module
 */

import { isFileError, isUpdateError } from "../errors.ts";
import type { Installation } from "../installation.ts";
import type { FileInfo } from "../runtime/types.ts";
import { type IdentityRuntime, keepIdentity } from "./identity.ts";

const PERMISSIONS = 0o777;
const EXECUTE = 0o111;
const READ = 0o444;

/**
 * Gives a backup the identity of the executable, durably: a copy made by hand or brought back from an archive has often
 * lost its permission to be run. Where the executable is gone or cannot be run itself, whoever may read the backup may
 * run it. What cannot be given is left to the probe and to the one who asked: it is no reason to stay without a program.
 *
 * @param runtime File system and processes.
 * @param installation The executable, as it is now.
 * @param path The backup.
 * @throws {FileError} When the backup cannot be looked at.
 */
export async function makeRunnable(
  runtime: IdentityRuntime,
  installation: Installation,
  path: string,
): Promise<void> {
  const { fs } = runtime;
  const [live, backup] = await Promise.all([fs.stat(installation.executable), fs.stat(path)]);
  if (backup?.kind !== "file" || backup.mode === undefined) return;
  const isModel = live?.kind === "file" && isRunnable(live);
  if (isModel ? isAlike(live, backup) : isRunnable(backup)) return;
  try {
    if (isModel) await keepIdentity(runtime, installation, path);
    else await fs.chmod(path, backup.mode & PERMISSIONS | (backup.mode & READ) >> 2);
    await flush(runtime, path);
  } catch (error) {
    if (!isFileError(error) && !(isUpdateError(error) && error.code === "PRIVILEGED_TARGET")) throw error;
  }
}

function isRunnable({ mode = 0 }: FileInfo): boolean {
  return (mode & EXECUTE) !== 0;
}

function isAlike(live: FileInfo, backup: FileInfo): boolean {
  return live.mode === backup.mode && live.uid === backup.uid && live.gid === backup.gid;
}

/** Read access is enough to flush, and all that a running program's file gives. */
async function flush({ fs }: IdentityRuntime, path: string): Promise<void> {
  const file = await fs.open(path, { access: "read" });
  try {
    await file.sync();
  } finally {
    file.close();
  }
}
