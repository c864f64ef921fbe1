/**
 * Goes back to the previous version.
 *
 * @module
 */

import { toUpdateError } from "./install_error.ts";
import { installationOf } from "./installation.ts";
import type { ExecutableOptions, SourceOptions, StepOptions, TrustOptions } from "./options.ts";
import { probeVersion } from "./probe.ts";
import { endProbation } from "./probation.ts";
import { refuseVersion } from "./refused_versions.ts";
import { recoverInstallation } from "./replace/recovery.ts";
import { noBackup, restoreBackup } from "./replace/restore_backup.ts";
import { strategyFor } from "./replace/system.ts";
import { systemRuntime } from "./runtime/default.ts";
import { stateDirectoryOf } from "./state_directory.ts";

/** Options of {@link rollback}. */
export interface RollbackOptions
  extends
    Pick<StepOptions, "runtime">,
    ExecutableOptions,
    Pick<TrustOptions, "app">,
    Pick<SourceOptions, "stateDirectory"> {
  /** The version to go back to; the previous one when absent. */
  readonly to?: string | undefined;
  /** A version that failed here: it is remembered before anything is changed, and not offered again. */
  readonly refuse?: string | undefined;
}

/** What {@link rollback} did. */
export interface RollbackResult {
  /** The version that is live again; `undefined` when it does not say. */
  readonly to: string | undefined;
  /** Path of the executable. */
  readonly executable: string;
}

/**
 * Puts the previous version back in the place of the executable. The backup is used up by that.
 *
 * The previous version is run first: one that does not run is not put in place. On POSIX systems the step itself is one
 * rename, so that there is an executable at every instant; on Windows `recover` covers the instant between two.
 *
 * Permissions: reading, writing and running in the folder of the executable.
 *
 * @param options Which executable, and how its backup is asked for its version.
 * @returns What is live now.
 * @throws {UpdateError} `NO_BACKUP`, `PROBE_FAILED`, `UPDATE_IN_PROGRESS`, `NOT_WRITABLE`, `REPLACE_FAILED`: nothing was
 *   changed. `ROLLBACK_FAILED`: a human is needed.
 */
export async function rollback(options: RollbackOptions = {}): Promise<RollbackResult> {
  const runtime = options.runtime ?? systemRuntime();
  try {
    const installation = await installationOf(runtime, options.executable);
    await recoverInstallation(runtime, strategyFor(runtime), installation, options.probe);
    const { backup } = installation;
    if ((await runtime.fs.stat(backup))?.kind !== "file") throw noBackup(backup, options.to);
    const to = await probeVersion(runtime, installation, backup, options.probe);
    if (options.refuse !== undefined) {
      await refuseVersion(runtime, stateDirectoryOf(runtime, options), options.refuse);
    }
    await restoreBackup(runtime, installation, { version: to, wanted: options.to });
    await endProbation(runtime, stateDirectoryOf(runtime, options)).catch(() => {});
    return { to, executable: installation.executable };
  } catch (error) {
    throw toUpdateError(error);
  }
}
