/**
 * Goes back to the backup.
 *
 * @module
 */

import { isFileError, UpdateError, type UpdateErrorDetails } from "../errors.ts";
import { besideName, type Installation } from "../installation.ts";
import { claimInstallation, type ReplaceRecord } from "../journal.ts";
import type { Runtime } from "../runtime/types.ts";
import { backupsOf, makeNewest, ownBackupsOf } from "./backups.ts";
import { finish, rollbackFailed } from "./ending.ts";
import { fileDigest } from "./file_digest.ts";
import { strategyFor } from "./system.ts";

/** Which version is gone back to. */
export interface Restoration {
  /** Its version, where it is known. */
  readonly to: string | undefined;
  /**
   * Chooses one of the backups, newest first, while no other process can change them; `undefined`: none after all.
   * Those that are newer than the chosen one go. `others` may be somebody's own copies: for those who ask for a version.
   */
  readonly choose: (backups: readonly string[], others: readonly string[]) => Promise<string | undefined>;
}

/**
 * Puts a backup in the place of the executable, as the only process that updates it. The record is a plain claim: on
 * POSIX a crash during the one rename leaves nothing to undo, and on Windows the recovery table has a row for it. The
 * chosen backup is `app.backup` before anything else happens, so that whatever is restored after a crash is a version
 * that was here before.
 *
 * @param runtime The runtime.
 * @param installation The executable and its backups.
 * @param restoration Which backup.
 * @returns Whether one was chosen.
 * @throws {UpdateError} `UPDATE_IN_PROGRESS`, `ROLLBACK_FAILED`, and what `choose` throws.
 * @throws {FileError} When the backup cannot be moved; the executable was not changed.
 */
export async function restoreBackup(
  runtime: Runtime,
  installation: Installation,
  { to, choose }: Restoration,
): Promise<boolean> {
  const { record } = await claimInstallation(runtime, installation, {
    from: { version: null, sha256: await fileDigest(runtime, installation.executable) ?? "0".repeat(64) },
    to: { version: to ?? "", sha256: null },
    staged: besideName(runtime, installation, "new"),
  });
  try {
    const own = await ownBackupsOf(runtime.fs, installation);
    const others = (await backupsOf(runtime.fs, installation)).filter((path) => !own.includes(path));
    const chosen = await choose(own, others);
    if (chosen !== undefined) await putBack(runtime, installation, chosen);
    await finished(runtime, installation, record);
    return chosen !== undefined;
  } catch (error) {
    // Without an executable the record must stay: it tells `recover` what to do, and a human what happened.
    if (await runtime.fs.stat(installation.executable) === undefined) {
      throw rollbackFailed(installation, record, error);
    }
    await finished(runtime, installation, record);
    throw error;
  }
}

async function putBack(runtime: Runtime, installation: Installation, chosen: string): Promise<void> {
  const { backup, executable } = installation;
  await makeNewest(runtime, installation, chosen);
  try {
    await strategyFor(runtime).restore({ installation, displaced: undefined });
  } catch (error) {
    const isMoved = await runtime.fs.stat(executable) !== undefined &&
      await runtime.fs.stat(backup) === undefined;
    // When only the flush after it failed, what happened is not taken back.
    if (!isMoved) throw error;
  }
}

/** What happened stands: what cannot be removed now is removed at the next start. */
async function finished(runtime: Runtime, installation: Installation, record: ReplaceRecord): Promise<void> {
  await finish(runtime, installation, record).catch((error) => {
    if (!isFileError(error)) throw error;
  });
}

/** The error for a version that cannot be gone back to. */
export function noBackup(
  why: string,
  details: UpdateErrorDetails["NO_BACKUP"],
): UpdateError<"NO_BACKUP"> {
  const what = details.wanted === undefined
    ? "No backup version available"
    : `No backup of version ${details.wanted} available`;
  return new UpdateError("NO_BACKUP", `${what}: ${why}; install the version you want instead`, details);
}
