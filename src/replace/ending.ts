/**
 * How an update ends on disk: undone, committed, given up.
 *
 * @module
 */

import { isFileError, UpdateError } from "../errors.ts";
import type { Installation } from "../installation.ts";
import type { ReplaceRecord } from "../journal.ts";
import { KEEP_BACKUPS } from "../limits.ts";
import { inFolder } from "../path.ts";
import { removeIfThere } from "../remove.ts";
import type { Runtime } from "../runtime/types.ts";
import { closeGap, dropOldest, isOlderName } from "./backups.ts";
import { fileDigest } from "./file_digest.ts";
import { displacedPath, returnDisplaced } from "./strategy.ts";
import { sweep, type SweepRuntime } from "./sweep.ts";

/**
 * Undoes an update whose new file never took the place of the live one: afterwards the folder is as it was before.
 *
 * @param runtime File system.
 * @param installation What was to be updated.
 * @param record The record of that update; it is removed last.
 */
export async function undoUnswapped(
  runtime: SweepRuntime,
  installation: Installation,
  record: ReplaceRecord,
): Promise<void> {
  const displaced = displacedPath(installation, record.displaced);
  // Before the digest is in the record no backup has been touched; without a displaced one, the backup is ours. It
  // is not removed unless the old executable is really in place.
  const isOurs = record.to.sha256 !== null && displaced === undefined;
  if (isOurs && await fileDigest(runtime, installation.executable) === record.from.sha256) {
    await removeIfThere(runtime.fs, installation.backup);
  }
  await returnDisplaced(runtime, { installation, displaced });
  await finish(runtime, installation, record);
}

/**
 * Ends an update whose new version stays: backups beyond the number that is kept go, then what {@link finish} removes.
 *
 * @param runtime File system and randomness.
 * @param installation What was updated.
 * @param record The record.
 */
export async function commit(
  runtime: SweepRuntime & Pick<Runtime, "os" | "random">,
  installation: Installation,
  record: ReplaceRecord,
): Promise<void> {
  await dropOldest(runtime, installation, record.keep ?? KEEP_BACKUPS);
  await finish(runtime, installation, record);
}

/**
 * Ends an update for good: what it no longer needs goes, the record last.
 *
 * @param runtime File system.
 * @param installation What was updated.
 * @param record The record, where it could be read.
 */
export async function finish(
  runtime: SweepRuntime,
  installation: Installation,
  record: ReplaceRecord | undefined,
): Promise<void> {
  const { fs } = runtime;
  if (record !== undefined) {
    // Its probe may still run on Windows after its updater was killed: a later sweep removes it. A folder that denies
    // everything denies the record, too.
    await removeIfThere(fs, inFolder(installation.folder, record.staged)).catch(unlessInUse);
    const displaced = displacedPath(installation, record.displaced);
    const isKept = record.displaced !== null && isOlderName(installation, record.displaced);
    // An older program may still be running under that name on Windows: a later sweep removes it.
    if (displaced !== undefined && !isKept) await removeIfThere(fs, displaced).catch(() => {});
  }
  await closeGap(fs, installation);
  await fs.syncDirectory(installation.folder);
  await removeIfThere(fs, installation.record);
  await fs.syncDirectory(installation.folder);
  await sweep(runtime, installation);
}

function unlessInUse(error: unknown): void {
  if (!isFileError(error, "denied", "busy")) throw error;
}

/**
 * The error for the one situation that needs a human.
 *
 * @param installation What can be neither updated nor restored.
 * @param record The record, where it could be read.
 * @param cause What failed last.
 */
export function rollbackFailed(
  { executable, backup, record: recordPath, folder }: Installation,
  record: ReplaceRecord | undefined,
  cause?: unknown,
): UpdateError<"ROLLBACK_FAILED"> {
  const staged = record === undefined ? undefined : inFolder(folder, record.staged);
  return new UpdateError(
    "ROLLBACK_FAILED",
    `Rollback failed: ${executable} cannot be restored from ${backup}; copy a working version to ${executable} ` +
      `by hand, then remove ${recordPath}${staged === undefined ? "" : ` and ${staged}`}`,
    { executable, backup, record: recordPath, staged },
    { cause },
  );
}
