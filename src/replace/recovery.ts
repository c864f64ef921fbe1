/**
 * Ends an update that a crash has left in the middle.
 *
 * @module
 */

import { isFileError, isUpdateError, type UpdateError } from "../errors.ts";
import type { Installation } from "../installation.ts";
import { readRecord, type RecordState, refuseForeignRecord, type ReplaceRecord } from "../journal.ts";
import { takeOver } from "../journal_takeover.ts";
import { probe, type ProbeOptions, probeVersion } from "../probe.ts";
import type { Runtime } from "../runtime/types.ts";
import { closeGap } from "./backups.ts";
import { commit, finish, rollbackFailed, undoUnswapped } from "./ending.ts";
import { fileDigest } from "./file_digest.ts";
import { makeRunnable } from "./make_runnable.ts";
import { recoveryFor, type RecoverySituation } from "./recovery_table.ts";
import { displacedPath, type ReplaceStrategy } from "./strategy.ts";
import { sweep } from "./sweep.ts";

/** What recovery found and did. */
export interface RecoveryOutcome {
  /**
   * `none`: nothing was in progress. `running`: another process is at it. `kept`: the executable is not the one that the
   * update was to install, or nobody can tell, and it works. `no-backup`: the version failed its first starts, and stays
   * because no previous version works. The others: how an update was ended.
   */
  readonly outcome:
    | "none"
    | "running"
    | "dropped"
    | "committed"
    | "kept"
    | "rolled-back"
    | "restored"
    | "no-backup";
  /** What was found, in a few words. */
  readonly meaning: string;
  /** The version before the update that was found, where known. */
  readonly from: string | undefined;
  /** The version that update was to install, where known. */
  readonly to: string | undefined;
}

/** What recovery needs of a runtime. */
export type RecoveryRuntime = Pick<Runtime, "fs" | "os" | "random" | "run" | "processStart" | "pid">;

/** Where the outcome of an update is remembered. Not being able to must change nothing about the outcome. */
export interface OutcomeMemory {
  /** A version works so far: it is on probation. Called when it is live, before the record of its update goes. */
  readonly works: (versions: { readonly version: string; readonly from: string }) => Promise<void>;
  /** A version failed with `problem`. Called before the old one is restored. */
  readonly fails: (version: string, problem: unknown) => Promise<void>;
}

/** How recovery tries an executable, and where it remembers what came of that. */
export interface RecoveryOptions {
  /** How an executable is probed. */
  readonly probe: ProbeOptions | undefined;
  /** What a crash has kept from being remembered. */
  readonly memory: OutcomeMemory;
}

/**
 * Finishes, undoes or sweeps what a crash left, as the recovery table says. A new version that is committed is on
 * probation then, and one that is taken back is remembered, as if there had been no crash.
 *
 * @param runtime File system and processes.
 * @param strategy How the system lets files be replaced.
 * @param installation What may be in the middle of an update.
 * @param options How an executable is probed, and where the outcome is remembered.
 * @returns What was found and done.
 * @throws {UpdateError} `ROLLBACK_FAILED` when there is nothing to restore.
 */
export async function recoverInstallation(
  runtime: RecoveryRuntime,
  strategy: ReplaceStrategy,
  installation: Installation,
  options: RecoveryOptions,
): Promise<RecoveryOutcome> {
  const state = await recordOf(runtime, installation);
  if (state.kind === "none") {
    await sweep(runtime, installation);
    return answer("none", "nothing is in progress", undefined);
  }
  const running = () => answer("running", "another process is updating", undefined);
  if (state.kind === "valid" && state.isWriterAlive) return running();
  const end = () => endUpdate(runtime, strategy, installation, state, options);
  return await takeOver(runtime, installation, state, end) ?? running();
}

async function recordOf(runtime: RecoveryRuntime, installation: Installation): Promise<RecordState> {
  try {
    const state = await readRecord(runtime, installation);
    if (state.kind !== "none") await refuseForeignRecord(runtime, installation);
    return state;
  } catch (error) {
    if (isFileError(error)) await refuseForeignRecord(runtime, installation);
    throw error;
  }
}

/** Runs as the only process that ends this update. */
async function endUpdate(
  runtime: RecoveryRuntime,
  strategy: ReplaceStrategy,
  installation: Installation,
  state: RecordState,
  options: RecoveryOptions,
): Promise<RecoveryOutcome> {
  const record = state.kind === "valid" ? state.record : undefined;
  // An older version is better than none.
  await closeGap(runtime.fs, installation);
  const situation = await look(runtime, installation, record);
  const { action, meaning } = recoveryFor(situation);
  switch (action) {
    case "give-up":
      throw rollbackFailed(installation, record);
    case "drop":
      await undoUnswapped(runtime, installation, record!);
      return answer("dropped", meaning, record);
    case "restore":
      await restore(runtime, strategy, installation, record);
      await finish(runtime, installation, record);
      return answer("restored", meaning, record);
    case "verify": {
      const isNew = situation.live === "new";
      const outcome = await verify(runtime, installation, isNew ? record : undefined, options);
      if (outcome === "rolled-back") await restore(runtime, strategy, installation, record);
      if (outcome === "committed") await commit(runtime, installation, record!);
      else await finish(runtime, installation, record);
      return answer(outcome, meaning, record);
    }
  }
}

/** Tries the live file, and remembers what came of it before anything is changed: another crash must not lose that. */
async function verify(
  runtime: RecoveryRuntime,
  installation: Installation,
  installed: ReplaceRecord | undefined,
  { probe: options, memory }: RecoveryOptions,
): Promise<"committed" | "kept" | "rolled-back"> {
  const problem = await probeProblem(runtime, installation, installed, options);
  if (installed === undefined) return problem === undefined ? "kept" : "rolled-back";
  const { from, to } = installed;
  if (problem === undefined) {
    await memory.works({ version: to.version, from: from.version ?? "" });
    return "committed";
  }
  await memory.fails(to.version, problem);
  return "rolled-back";
}

function answer(
  outcome: RecoveryOutcome["outcome"],
  meaning: string,
  record: ReplaceRecord | undefined,
): RecoveryOutcome {
  return { outcome, meaning, from: record?.from.version ?? undefined, to: record?.to.version };
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

/** Why the live file does not pass; where it is not what the update installed, any version will do. */
async function probeProblem(
  runtime: RecoveryRuntime,
  installation: Installation,
  installed: ReplaceRecord | undefined,
  options: ProbeOptions | undefined,
): Promise<UpdateError | undefined> {
  const { executable } = installation;
  try {
    if (installed === undefined) await probeVersion(runtime, installation, executable, options);
    else await probe(runtime, installation, executable, installed.to.version, options);
    return undefined;
  } catch (error) {
    if (isUpdateError(error) && error.code === "PROBE_FAILED") return error;
    throw error;
  }
}

async function restore(
  runtime: RecoveryRuntime,
  strategy: ReplaceStrategy,
  installation: Installation,
  record: ReplaceRecord | undefined,
): Promise<void> {
  try {
    await makeRunnable(runtime, installation, installation.backup);
    await strategy.restore({
      installation,
      displaced: displacedPath(installation, record?.displaced ?? null),
    });
  } catch (error) {
    throw rollbackFailed(installation, record, error);
  }
}
