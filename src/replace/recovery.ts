/**
 * Ends an update that a crash has left in the middle.
 *
 * @module
 */

import { digestOf } from "../digest.ts";
import { isFileError, isUpdateError, UpdateError } from "../errors.ts";
import type { Installation } from "../installation.ts";
import { readRecord, type RecordState, type ReplaceRecord, takeOver } from "../journal.ts";
import { inFolder } from "../path.ts";
import { probe, type ProbeOptions, probeVersion } from "../probe.ts";
import { removeIfThere } from "../remove.ts";
import type { Runtime } from "../runtime/types.ts";
import { recoveryFor, type RecoverySituation } from "./recovery_table.ts";
import { displacedPath, type ReplaceStrategy, returnDisplaced } from "./strategy.ts";
import { sweep } from "./sweep.ts";

/** What recovery found and did. */
export interface RecoveryOutcome {
  /** `none`: nothing was in progress. `running`: another process is at it. The others: how an update was ended. */
  readonly outcome: "none" | "running" | "dropped" | "committed" | "rolled-back" | "restored";
  /** What was found, in a few words. */
  readonly meaning: string;
  /** The version before the update that was found, where known. */
  readonly from: string | undefined;
  /** The version that update was to install, where known. */
  readonly to: string | undefined;
}

/** What recovery needs of a runtime. */
export type RecoveryRuntime = Pick<Runtime, "fs" | "os" | "random" | "run" | "processStart" | "pid">;

/**
 * Finishes, undoes or sweeps what a crash left, as the recovery table says.
 *
 * @param runtime File system and processes.
 * @param strategy How the system lets files be replaced.
 * @param installation What may be in the middle of an update.
 * @param options How an executable is probed.
 * @returns What was found and done.
 * @throws {UpdateError} `ROLLBACK_FAILED` when there is nothing to restore.
 */
export async function recoverInstallation(
  runtime: RecoveryRuntime,
  strategy: ReplaceStrategy,
  installation: Installation,
  options: ProbeOptions = {},
): Promise<RecoveryOutcome> {
  const state = await readRecord(runtime, installation);
  if (state.kind === "none") {
    await sweep(runtime, installation);
    return answer("none", "nothing is in progress", undefined);
  }
  const running = () => answer("running", "another process is updating", undefined);
  if (state.kind === "valid" && state.isWriterAlive) return running();
  const end = () => endUpdate(runtime, strategy, installation, state, options);
  return await takeOver(runtime, installation, state, end) ?? running();
}

/** Runs as the only process that ends this update. */
async function endUpdate(
  runtime: RecoveryRuntime,
  strategy: ReplaceStrategy,
  installation: Installation,
  state: RecordState,
  options: ProbeOptions,
): Promise<RecoveryOutcome> {
  const record = state.kind === "valid" ? state.record : undefined;
  const { action, meaning } = recoveryFor(await look(runtime, installation, record));
  switch (action) {
    case "give-up":
      throw rollbackFailed(installation, record);
    case "drop":
      await undoUnswapped(runtime, installation, record!);
      return answer("dropped", meaning, record);
    case "restore":
      await restore(strategy, installation, record);
      await finish(runtime, installation, record);
      return answer("restored", meaning, record);
    case "verify": {
      const works = await passesProbe(runtime, installation, record, options);
      if (!works) await restore(strategy, installation, record);
      await finish(runtime, installation, record);
      return answer(works ? "committed" : "rolled-back", meaning, record);
    }
  }
}

function answer(
  outcome: RecoveryOutcome["outcome"],
  meaning: string,
  record: ReplaceRecord | undefined,
): RecoveryOutcome {
  return { outcome, meaning, from: record?.from.version ?? undefined, to: record?.to.version };
}

/**
 * Undoes an update whose new file never took the place of the live one: afterwards the folder is as it was before.
 *
 * @param runtime File system.
 * @param installation What was to be updated.
 * @param record The record of that update; it is removed last.
 */
export async function undoUnswapped(
  runtime: Pick<RecoveryRuntime, "fs" | "processStart" | "pid">,
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
 * Ends an update for good: what it no longer needs goes, the record last.
 *
 * @param runtime File system.
 * @param installation What was updated.
 * @param record The record, where it could be read.
 */
export async function finish(
  runtime: Pick<RecoveryRuntime, "fs" | "processStart" | "pid">,
  installation: Installation,
  record: ReplaceRecord | undefined,
): Promise<void> {
  const { fs } = runtime;
  if (record !== undefined) {
    await removeIfThere(fs, inFolder(installation.folder, record.staged));
    const displaced = displacedPath(installation, record.displaced);
    // An older program may still be running under that name on Windows: a later sweep removes it.
    if (displaced !== undefined) await removeIfThere(fs, displaced).catch(() => {});
  }
  await fs.syncDirectory(installation.folder);
  await removeIfThere(fs, installation.record);
  await fs.syncDirectory(installation.folder);
  await sweep(runtime, installation);
}

/**
 * The digest of a file.
 *
 * @param runtime File system.
 * @param path Its path.
 * @returns 64 hexadecimal digits, or `undefined` when there is no file.
 */
export async function fileDigest({ fs }: Pick<Runtime, "fs">, path: string): Promise<string | undefined> {
  try {
    const file = await fs.open(path, { access: "read" });
    try {
      return await digestOf({ size: (await file.stat()).size, readAt: file.readAt.bind(file) });
    } finally {
      file.close();
    }
  } catch (error) {
    if (isFileError(error, "absent")) return undefined;
    throw error;
  }
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

async function look(
  runtime: RecoveryRuntime,
  installation: Installation,
  record: ReplaceRecord | undefined,
): Promise<RecoverySituation> {
  const live = await fileDigest(runtime, installation.executable);
  const backup = await fileDigest(runtime, installation.backup);
  return {
    record: record === undefined ? "damaged" : record.to.sha256 === null ? "claimed" : "valid",
    live: live === undefined ? "absent" : whichFile(live, record),
    backup: backup === undefined ? "absent" : whichFile(backup, record) === "old" ? "old" : "other",
  };
}

function whichFile(digest: string, record: ReplaceRecord | undefined): "old" | "new" | "neither" {
  if (digest === record?.from.sha256) return "old";
  return digest === record?.to.sha256 ? "new" : "neither";
}

async function passesProbe(
  runtime: RecoveryRuntime,
  installation: Installation,
  record: ReplaceRecord | undefined,
  options: ProbeOptions,
): Promise<boolean> {
  const { executable } = installation;
  try {
    const isNew = record !== undefined && await fileDigest(runtime, executable) === record.to.sha256;
    if (isNew) await probe(runtime, installation, executable, record.to.version, options);
    else await probeVersion(runtime, installation, executable, options);
    return true;
  } catch (error) {
    if (isUpdateError(error) && error.code === "PROBE_FAILED") return false;
    throw error;
  }
}

async function restore(
  strategy: ReplaceStrategy,
  installation: Installation,
  record: ReplaceRecord | undefined,
): Promise<void> {
  try {
    await strategy.restore({
      installation,
      displaced: displacedPath(installation, record?.displaced ?? null),
    });
  } catch (error) {
    throw rollbackFailed(installation, record, error);
  }
}
