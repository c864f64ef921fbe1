import { installationOf } from "./installation.ts";
import type { ExecutableOptions, StepOptions } from "./options.ts";
import { versionIfItRuns } from "./probe.ts";
import { backupsOf } from "./replace/backups.ts";
import { systemRuntime } from "./runtime/default.ts";

/** A version that can be gone back to. */
export interface Backup {
  /** Path of its executable. */
  readonly path: string;
  /** Its version; `undefined` when it does not run or does not say. */
  readonly version: string | undefined;
  /** Its size in bytes. */
  readonly size: number;
  /** When its executable was made, in milliseconds since the epoch. */
  readonly modifiedAt: number;
}

/** Options of {@link listBackups}. */
export interface ListBackupsOptions extends Pick<StepOptions, "runtime">, ExecutableOptions {}

/**
 * Lists the versions that {@link rollback} can go back to, newest first. Each is run briefly to ask for its version.
 *
 * Permissions: reading and running in the folder of the executable.
 *
 * @param options Which executable, and how its backups are asked for their versions.
 * @returns The backups; empty when there are none.
 * @throws {FileError} When the folder cannot be read.
 */
export async function listBackups(options: ListBackupsOptions = {}): Promise<Backup[]> {
  const runtime = options.runtime ?? systemRuntime();
  const installation = await installationOf(runtime, options.executable);
  const backups: Backup[] = [];
  // One after the other: each starts a program as large as this one.
  for (const path of await backupsOf(runtime.fs, installation)) {
    const info = await runtime.fs.stat(path);
    if (info === undefined) continue;
    const version = await versionIfItRuns(runtime, installation, path, options.probe);
    backups.push({ path, version, size: info.size, modifiedAt: info.modifiedAt });
  }
  return backups;
}
