/**
 * What must be true of an installation before anything is downloaded for it.
 *
 * @module
 */

import { UpdateError } from "./errors.ts";
import type { Installation } from "./installation.ts";
import { refuseManagedInstallation } from "./managed_installation.ts";
import { folderOf } from "./path.ts";
import { refuseNoexec } from "./replace/mounts.ts";
import type { FileInfo, Runtime } from "./runtime/types.ts";

/** What the checks need of a runtime. */
export type PreflightRuntime = Pick<Runtime, "fs" | "uid" | "os">;

const OTHERS_WRITE = 0o002;
const GROUP_WRITES = 0o020;
const STICKY = 0o1000;
const SET_ID = 0o6000;

/**
 * Refuses installations that must not be replaced: a package manager's (T26), one whose rights a new file would not
 * have (T25), one whose folder others can write to (T23), and one in whose folder nothing can be run.
 *
 * @param runtime File system and user.
 * @param installation What is to be updated.
 * @throws {UpdateError} `MANAGED_INSTALL`, `PRIVILEGED_TARGET`, `UNSAFE_DIRECTORY`, `REPLACE_FAILED`.
 */
export async function requireReplaceable(
  runtime: PreflightRuntime,
  installation: Installation,
): Promise<void> {
  refuseManagedInstallation(installation.executable);
  const file = await runtime.fs.stat(installation.executable);
  if (file === undefined) return;
  refusePrivileged(runtime, installation, file);
  await refuseUnsafeFolders(runtime, installation, file);
  await refuseNoexec(runtime, installation);
}

/** A setuid program would have to be made setuid again: no updater should hold that pen (T25). */
function refusePrivileged(
  { uid }: PreflightRuntime,
  { executable }: Installation,
  file: FileInfo,
): void {
  const hasSetId = file.mode !== undefined && (file.mode & SET_ID) !== 0;
  const isForeign = uid !== undefined && uid !== 0 && file.uid !== undefined && file.uid !== uid;
  if (!hasSetId && !isForeign) return;
  const reason = hasSetId
    ? "it is setuid or setgid, which a new file would not be"
    : `it belongs to user ${file.uid}, a new file would belong to user ${uid}`;
  throw new UpdateError(
    "PRIVILEGED_TARGET",
    `Failed to install new binary: ${executable} is not replaced: ${reason}; install the new version by hand`,
    { path: executable, reason },
  );
}

/** Whoever can write to the folder, or rename one above it, can exchange the program at any time (T23). */
async function refuseUnsafeFolders(
  { fs, uid }: PreflightRuntime,
  { executable, folder }: Installation,
  file: FileInfo,
): Promise<void> {
  for (let path = folder, isFirst = true;; path = folderOf(path), isFirst = false) {
    const info = await fs.stat(path);
    const reason = info === undefined
      ? undefined
      : whyUnsafe(info, { uid, file: isFirst ? file : undefined });
    if (reason !== undefined) {
      throw new UpdateError(
        "UNSAFE_DIRECTORY",
        `Failed to install new binary: ${path} is not safe for ${executable}: ${reason}; take that right away`,
        { path, reason },
      );
    }
    if (folderOf(path) === path) return;
  }
}

function whyUnsafe(
  { mode, uid: owner }: FileInfo,
  { uid, file }: { uid: number | undefined; file: FileInfo | undefined },
): string | undefined {
  if (mode === undefined) return undefined;
  const isSticky = (mode & STICKY) !== 0;
  if ((mode & OTHERS_WRITE) !== 0) {
    if (!isSticky) return "everybody can write to it";
    // In a sticky folder only the owner of a file can replace it.
    return file === undefined || file.uid === uid || uid === 0
      ? undefined
      : "the executable in it is somebody else's";
  }
  const isTrusted = owner === undefined || owner === 0 || owner === uid;
  return (mode & GROUP_WRITES) !== 0 && !isSticky && !isTrusted
    ? "the group of another user can write to it"
    : undefined;
}
