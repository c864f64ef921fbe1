/**
 * Goes back to the backup.
 *
 * @module
 */

import { isFileError, UpdateError } from "../errors.ts";
import { besideName, type Installation } from "../installation.ts";
import { claimInstallation, type ReplaceRecord } from "../journal.ts";
import type { Runtime } from "../runtime/types.ts";
import { fileDigest, finish, rollbackFailed } from "./recovery.ts";
import { strategyFor } from "./system.ts";

/**
 * Puts the backup in the place of the executable, as the only process that updates it. The record is a plain claim: on
 * POSIX a crash during the one rename leaves nothing to undo, and on Windows the recovery table has a row for it.
 *
 * @param runtime The runtime.
 * @param installation The executable and its backup.
 * @param versions The backup's version, and the one that was asked for.
 * @throws {UpdateError} `NO_BACKUP`, `UPDATE_IN_PROGRESS`, `ROLLBACK_FAILED`.
 * @throws {FileError} When the backup cannot be moved; nothing was changed.
 */
export async function restoreBackup(
  runtime: Runtime,
  installation: Installation,
  { version, wanted }: { version: string | undefined; wanted: string | undefined },
): Promise<void> {
  const { backup } = installation;
  const isThere = (await runtime.fs.stat(backup))?.kind === "file";
  if (!isThere || wanted !== undefined && wanted !== version) {
    throw noBackup(backup, wanted, isThere ? version : undefined);
  }
  const { record } = await claimInstallation(runtime, installation, {
    from: { version: null, sha256: await fileDigest(runtime, installation.executable) ?? "0".repeat(64) },
    to: { version: version ?? "", sha256: null },
    staged: besideName(runtime, installation, "new"),
  });
  try {
    await strategyFor(runtime).restore({ installation, displaced: undefined });
  } catch (error) {
    // Without an executable the record must stay: it tells `recover` what to do, and a human what happened.
    if (await runtime.fs.stat(installation.executable) === undefined) {
      throw rollbackFailed(installation, record, error);
    }
    // It was moved, only the flush after that failed: what happened is not taken back.
    const isMoved = await runtime.fs.stat(backup) === undefined;
    await finished(runtime, installation, record);
    if (!isMoved) throw error;
    return;
  }
  await finished(runtime, installation, record);
}

/** What happened stands: what cannot be removed now is removed at the next start. */
async function finished(runtime: Runtime, installation: Installation, record: ReplaceRecord): Promise<void> {
  await finish(runtime, installation, record).catch((error) => {
    if (!isFileError(error)) throw error;
  });
}

/** The error for a version that cannot be gone back to. */
export function noBackup(path: string, wanted: string | undefined, found?: string): UpdateError<"NO_BACKUP"> {
  const what = wanted === undefined
    ? "No backup version available"
    : `No backup of version ${wanted} available`;
  const why = found === undefined ? `there is no ${path}` : `${path} is version ${found}`;
  return new UpdateError("NO_BACKUP", `${what}: ${why}; install the version you want instead`, {
    path,
    wanted,
  });
}
