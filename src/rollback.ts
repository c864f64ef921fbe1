/**
 * Goes back to the previous version.
 *
 * @module
 */

import { isUpdateError, UpdateError, type UpdateErrorDetails } from "./errors.ts";
import { toUpdateError } from "./install_error.ts";
import { type Installation, installationOf } from "./installation.ts";
import type { ExecutableOptions, SourceOptions, StepOptions, TrustOptions } from "./options.ts";
import { probeVersion, versionIfItRuns } from "./probe.ts";
import { endProbation } from "./probation.ts";
import { outcomeMemory } from "./probation_memory.ts";
import { refuseVersion } from "./refused_versions.ts";
import { fileDigest } from "./replace/file_digest.ts";
import { makeRunnable } from "./replace/make_runnable.ts";
import { recoverInstallation } from "./replace/recovery.ts";
import { noBackup, restoreBackup } from "./replace/restore_backup.ts";
import { strategyFor } from "./replace/system.ts";
import { systemRuntime } from "./runtime/default.ts";
import type { Runtime } from "./runtime/types.ts";
import { stateDirectoryOf } from "./state_directory.ts";

/** Options of {@link rollback}. */
export interface RollbackOptions
  extends
    Pick<StepOptions, "runtime">,
    ExecutableOptions,
    Pick<TrustOptions, "app">,
    Pick<SourceOptions, "stateDirectory"> {
  /**
   * The version to go back to, one of those that `listBackups` finds; those in between go.
   * @default the previous one
   */
  readonly to?: string | undefined;
  /** A version that failed here: it is remembered before anything is changed, and not offered again. */
  readonly refuse?: string | undefined;
  /**
   * SHA-256 digest of the executable that is to be taken back. When another one is installed by then, nothing is changed:
   * an automatic rollback must not undo what a person has done in the meantime.
   * @default whatever is installed
   */
  readonly installed?: string | undefined;
}

/** What {@link rollback} did. */
export interface RollbackResult {
  /** `superseded`: the executable was not the one that `installed` names, and nothing was changed. */
  readonly outcome: "rolled-back" | "superseded";
  /** The version that is live; `undefined` when it does not say. */
  readonly to: string | undefined;
  /** Path of the executable. */
  readonly executable: string;
}

/**
 * Puts the previous version, or an older one that was kept, back in the place of the executable. That backup is used up
 * by it, and the versions in between go; the next older one is `app.backup` then.
 *
 * The version is run first: one that does not run is not put in place. On POSIX systems the step itself is one
 * rename, so that there is an executable at every instant; on Windows `recover` covers the instant between two.
 *
 * Permissions: reading, writing and running in the folder of the executable.
 *
 * @param options Which executable, and how its backup is asked for its version.
 * @returns What was done, and what is live now.
 * @throws {UpdateError} `NO_BACKUP`, `PROBE_FAILED`, `UPDATE_IN_PROGRESS`, `NOT_WRITABLE`, `REPLACE_FAILED`: nothing was
 *   changed. `ROLLBACK_FAILED`: a human is needed.
 */
export async function rollback(options: RollbackOptions = {}): Promise<RollbackResult> {
  const runtime = options.runtime ?? systemRuntime();
  const stateDirectory = stateDirectoryOf(runtime, options);
  const { probe, refuse } = options;
  try {
    const installation = await installationOf(runtime, options.executable);
    // Also where it cannot be taken back at once, such as while a person updates: it failed all the same.
    if (refuse !== undefined) await refuseVersion(runtime, stateDirectory, refuse);
    const memory = outcomeMemory(runtime, installation, stateDirectory);
    await recoverInstallation(runtime, strategyFor(runtime), installation, { probe, memory });
    let to: string | undefined;
    const isRestored = await restoreBackup(runtime, installation, {
      to: options.to,
      choose: async (own, others) => {
        if (!await isExpected(runtime, installation, options)) {
          to = await versionIfItRuns(runtime, installation, installation.executable, probe);
          return undefined;
        }
        const backups = options.to === undefined ? own : [...own, ...others];
        const chosen = await choose(runtime, installation, backups, options);
        to = chosen.version;
        return chosen.path;
      },
    });
    if (isRestored) await endProbation(runtime, stateDirectory).catch(() => {});
    return { outcome: isRestored ? "rolled-back" : "superseded", to, executable: installation.executable };
  } catch (error) {
    throw toUpdateError(error);
  }
}

/** Asked while no other process can replace it. */
async function isExpected(
  runtime: Runtime,
  { executable }: Installation,
  { installed }: RollbackOptions,
): Promise<boolean> {
  return installed === undefined || await fileDigest(runtime, executable) === installed;
}

interface Chosen {
  readonly path: string;
  readonly version: string | undefined;
}

async function choose(
  runtime: Runtime,
  installation: Installation,
  backups: readonly string[],
  { to: wanted, probe }: RollbackOptions,
): Promise<Chosen> {
  const details = { path: installation.backup, wanted };
  const [newest] = backups;
  if (newest === undefined) throw noBackup(`there is no ${installation.backup}`, details);
  if (wanted === undefined) {
    return { path: newest, version: await versionOf(runtime, installation, backups, probe) };
  }
  const found: string[] = [];
  for (const path of backups) {
    const version = await versionIfItRuns(runtime, installation, path, probe);
    if (version === wanted) return { path, version };
    found.push(`${path} is version ${version ?? "unknown"}`);
  }
  throw noBackup(found.join(", "), details);
}

/** It is not the new version that fails here: the publisher can do nothing about a copy that was damaged on this disk. */
async function versionOf(
  runtime: Runtime,
  installation: Installation,
  [newest, ...older]: readonly string[],
  options: RollbackOptions["probe"],
): Promise<string | undefined> {
  const path = newest!;
  await makeRunnable(runtime, installation, path);
  try {
    return await probeVersion(runtime, installation, path, options);
  } catch (error) {
    if (!isUpdateError(error) || error.code !== "PROBE_FAILED") throw error;
    const details = error.details as UpdateErrorDetails["PROBE_FAILED"];
    const instead = older.length === 0
      ? "install the version you want instead"
      : `go back to the version of an older one: ${older.join(", ")}`;
    throw new UpdateError(
      "PROBE_FAILED",
      `Rollback refused: the backup ${path} does not run: ${details.reason}; nothing was changed; ${instead}`,
      details,
      { cause: error.cause },
    );
  }
}
