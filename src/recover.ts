/**
 * At the next start: ends what a crash left in the middle.
 *
 * @module
 */

import { isFileError, isUpdateError } from "./errors.ts";
import type { Installation } from "./installation.ts";
import { locateInstallation } from "./locate_installation.ts";
import type { ExecutableOptions, SourceOptions, StepOptions, TrustOptions } from "./options.ts";
import { countStart, endProbation, FAILED_STARTS, type Probation, probationOf } from "./probation.ts";
import { outcomeMemory } from "./probation_memory.ts";
import { refuseVersion } from "./refused_versions.ts";
import { firstThatRuns } from "./replace/first_that_runs.ts";
import { noBackup, restoreBackup } from "./replace/restore_backup.ts";
import { recoverInstallation, type RecoveryOutcome } from "./replace/recovery.ts";
import { strategyFor } from "./replace/system.ts";
import { systemRuntime } from "./runtime/default.ts";
import type { Runtime } from "./runtime/types.ts";
import { stateDirectoryOf } from "./state_directory.ts";

/** Options of {@link recover}. */
export interface RecoverOptions
  extends
    Pick<StepOptions, "runtime">,
    ExecutableOptions,
    Pick<TrustOptions, "app">,
    Pick<SourceOptions, "stateDirectory"> {
  /**
   * Whether this call is the start of the program, which calls `confirmHealthy` once it works. While a new version is on
   * probation its starts are counted, and after three that ended without that call the previous version is put back.
   * @default false
   */
  readonly isStart?: boolean | undefined;
}

/** What {@link recover} found and did. */
export type RecoverResult = RecoveryOutcome;

/**
 * Ends an update that a crash or a power cut has left in the middle: finishes it, undoes it, or removes its remains.
 *
 * What the live file is, by the digests in the record beside it, says what to do; `docs/replace.md` has the table. Any
 * process may call it at any time, several at once too: one of them acts, and an update whose process lives is left
 * alone. Without a record it costs one look at the folder.
 *
 * Permissions: reading, writing and running in the folder of the executable.
 *
 * @example Recover at the start of a program
 * ```ts
 * import { recover } from "@cco/updater";
 * import assert from "node:assert/strict";
 * import { copyFile, mkdtemp, rm } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import process from "node:process";
 *
 * const folder = await mkdtemp(join(tmpdir(), "recover-"));
 * const executable = join(folder, "app");
 * await copyFile(process.execPath, executable);
 *
 * const { outcome } = await recover({ executable }); // a program of its own leaves `executable` out
 * assert.equal(outcome, "none");
 * await rm(folder, { recursive: true });
 * ```
 *
 * @param options Which executable, and how it is probed.
 * @returns What was found and done.
 * @throws {UpdateError} `REPLACE_FAILED` when there is no such executable; `ROLLBACK_FAILED` when neither version can be put in place: a human is needed.
 * @throws {FileError} When the folder cannot be read or written.
 */
export async function recover(options: RecoverOptions = {}): Promise<RecoverResult> {
  const runtime = options.runtime ?? systemRuntime();
  const installation = await locateInstallation(runtime, options.executable);
  const stateDirectory = stateDirectoryOf(runtime, options);
  const result = await recoverInstallation(runtime, strategyFor(runtime), installation, {
    probe: options.probe,
    memory: outcomeMemory(runtime, installation, stateDirectory),
  });
  if (options.isStart !== true || !["none", "committed"].includes(result.outcome)) return result;
  const probation = await probationOf(runtime, stateDirectory, installation);
  if (probation === undefined || await countStart(runtime, stateDirectory) < FAILED_STARTS) return result;
  return await takeBack(runtime, installation, { stateDirectory, probation, probe: options.probe });
}

interface Failed {
  readonly stateDirectory: string;
  readonly probation: Probation;
  readonly probe: ExecutableOptions["probe"];
}

/** The version failed its probation. It is remembered first: a crash in between must not offer it again. */
async function takeBack(
  runtime: Runtime,
  installation: Installation,
  { stateDirectory, probation: { version, from }, probe }: Failed,
): Promise<RecoverResult> {
  const meaning = `${FAILED_STARTS} starts of version ${version} failed`;
  await refuseVersion(runtime, stateDirectory, version);
  // Another copy that started at the same time may have been faster: one generation at most is taken back.
  const isStillThere = async () => await probationOf(runtime, stateDirectory, installation) !== undefined;
  const choose = async (backups: readonly string[]) =>
    await isStillThere()
      ? await firstThatRuns(runtime, installation, backups, probe) ?? nothing(installation, backups)
      : undefined;
  try {
    const isRestored = await restoreBackup(runtime, installation, { to: from, choose });
    if (!isRestored) return { outcome: "running", meaning, from, to: version };
  } catch (error) {
    if (!isUpdateError(error)) throw error;
    if (error.code === "UPDATE_IN_PROGRESS") return { outcome: "running", meaning, from, to: version };
    if (error.code !== "NO_BACKUP") throw error;
    // A program that fails may still serve somebody; none serves nobody. It is not tried again at every start.
    await forget(runtime, stateDirectory);
    return { outcome: "no-backup", meaning: `${meaning}, and it stays: ${error.message}`, from, to: version };
  }
  // What happened stands, and probation ends by itself with the file that was on it.
  await forget(runtime, stateDirectory);
  return { outcome: "rolled-back", meaning, from, to: version };
}

async function forget(runtime: Runtime, stateDirectory: string): Promise<void> {
  await endProbation(runtime, stateDirectory).catch((error) => {
    if (!isFileError(error)) throw error;
  });
}

function nothing({ backup }: Installation, backups: readonly string[]): never {
  const why = backups.length === 0 ? `there is no ${backup}` : `none of these runs: ${backups.join(", ")}`;
  throw noBackup(why, { path: backup, wanted: undefined });
}
