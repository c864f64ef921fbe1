/**
 * Goes back to the previous version.
 *
 * @module
 */

import { UpdateError } from "./errors.ts";
import { toUpdateError } from "./install_error.ts";
import { besideName, type Installation, installationOf } from "./installation.ts";
import { claimInstallation } from "./journal.ts";
import type { ExecutableOptions, StepOptions } from "./options.ts";
import { probeVersion } from "./probe.ts";
import { fileDigest, finish, recoverInstallation, rollbackFailed } from "./replace/recovery.ts";
import { strategyFor } from "./replace/system.ts";
import { systemRuntime } from "./runtime/default.ts";
import type { Runtime } from "./runtime/types.ts";

/** Options of {@link rollback}. */
export interface RollbackOptions extends Pick<StepOptions, "runtime">, ExecutableOptions {
  /** The version to go back to; the previous one when absent. */
  readonly to?: string | undefined;
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
    const to = await versionToRestore(runtime, installation, options);
    await restoreBackup(runtime, installation, to);
    return { to, executable: installation.executable };
  } catch (error) {
    throw toUpdateError(error);
  }
}

async function versionToRestore(
  runtime: Runtime,
  installation: Installation,
  { to, probe }: RollbackOptions,
): Promise<string | undefined> {
  const { backup } = installation;
  if ((await runtime.fs.stat(backup))?.kind !== "file") throw noBackup(backup, to);
  const version = await probeVersion(runtime, installation, backup, probe);
  if (to !== undefined && version !== to) throw noBackup(backup, to, version);
  return version;
}

function noBackup(path: string, wanted: string | undefined, found?: string): UpdateError<"NO_BACKUP"> {
  const what = wanted === undefined
    ? "No backup version available"
    : `No backup of version ${wanted} available`;
  const why = found === undefined ? `there is no ${path}` : `${path} is version ${found}`;
  return new UpdateError("NO_BACKUP", `${what}: ${why}; install the version you want instead`, {
    path,
    wanted,
  });
}

/** The record is a plain claim: on POSIX a crash during the one rename leaves nothing to undo. */
async function restoreBackup(
  runtime: Runtime,
  installation: Installation,
  to: string | undefined,
): Promise<void> {
  const { record } = await claimInstallation(runtime, installation, {
    from: { version: null, sha256: await fileDigest(runtime, installation.executable) ?? "0".repeat(64) },
    to: { version: to ?? "", sha256: null },
    staged: besideName(runtime, installation, "new"),
  });
  try {
    await strategyFor(runtime).restore({ installation, displaced: undefined });
  } catch (error) {
    // Without an executable the record must stay: it tells `recover` what to do, and a human what happened.
    if (await runtime.fs.stat(installation.executable) === undefined) {
      throw rollbackFailed(installation, record, error);
    }
    await finish(runtime, installation, record);
    throw error;
  }
  await finish(runtime, installation, record);
}
