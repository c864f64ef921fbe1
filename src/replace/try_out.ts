/**
 * Finds out with an empty file what will be possible with the new executable: asked before anything is downloaded.
 *
 * @module
 */

import { isFileError, UpdateError } from "../errors.ts";
import { besideName, type Installation } from "../installation.ts";
import { inFolder, shellWord } from "../path.ts";
import { removeIfThere } from "../remove.ts";
import { type IdentityRuntime, keepIdentity } from "./identity.ts";

/** What was found out. */
export interface Trial {
  /** Bytes that the backup will take: nothing where it is a second name of the installed file, or that file itself. */
  readonly backupBytes: number;
}

/**
 * Tries whether a new file can get the identity of the installed one, and whether that one can be replaced at all.
 *
 * @param runtime File system and processes.
 * @param installation Where the installed executable lies; claimed by this process, so that nobody sweeps the trial.
 * @returns What the backup will need.
 * @throws {UpdateError} `PRIVILEGED_TARGET` when identity would be lost; `NOT_WRITABLE` when the file is locked.
 * @throws {FileError} When nothing can be written there.
 */
export async function tryOut(runtime: IdentityRuntime, installation: Installation): Promise<Trial> {
  const { fs } = runtime;
  const path = inFolder(installation.folder, besideName(runtime, installation, "new"));
  const file = await fs.open(path, { access: "create", mode: 0o600 });
  file.close();
  try {
    const { executable } = installation;
    if (await fs.stat(executable) === undefined) throw missing(executable);
    await keepIdentity(runtime, installation, path);
    // On Windows the backup is the file itself under another name.
    if (runtime.os === "windows") return { backupBytes: 0 };
    if (await canLink(runtime, installation, executable)) return { backupBytes: 0 };
    // Where not even a fresh file can be linked, the file system has no links.
    if (await canLink(runtime, installation, path)) throw locked(runtime, executable);
    return { backupBytes: (await fs.stat(executable))?.size ?? 0 };
  } finally {
    await removeIfThere(fs, path);
  }
}

async function canLink(
  runtime: IdentityRuntime,
  installation: Installation,
  path: string,
): Promise<boolean> {
  const second = inFolder(installation.folder, besideName(runtime, installation, "old"));
  try {
    await runtime.fs.link(path, second);
  } catch (error) {
    if (isFileError(error, "unsupported", "denied", "other")) return false;
    throw error;
  }
  await removeIfThere(runtime.fs, second);
  return true;
}

/** An immutable file can be neither linked nor renamed nor replaced, not even by root (ioctl_iflags(2), chflags(2)). */
function locked({ os }: Pick<IdentityRuntime, "os">, path: string): UpdateError<"NOT_WRITABLE"> {
  const word = shellWord(path);
  const [look, mend] = os === "darwin"
    ? [`ls -lO ${word}`, `chflags nouchg,noschg ${word}`]
    : [`lsattr ${word}`, `sudo chattr -i -a ${word}`];
  return new UpdateError(
    "NOT_WRITABLE",
    `Failed to install new binary: ${path} is locked: it is immutable or append-only, as '${look}' shows; run ` +
      `'${mend}' and try again`,
    { path },
  );
}

function missing(path: string): UpdateError<"REPLACE_FAILED"> {
  return new UpdateError(
    "REPLACE_FAILED",
    `Failed to install new binary: ${path} is missing: somebody has removed or moved it; put it back or install the ` +
      "program again",
    { path, operation: "find" },
  );
}
