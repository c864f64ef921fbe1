import { isFileError, isUpdateError, type UpdateError } from "./errors.ts";
import { toUpdateError } from "./install_error.ts";
import { besideName, type Installation, installationOf } from "./installation.ts";
import { readRecord } from "./journal.ts";
import type { ExecutableOptions, StepOptions } from "./options.ts";
import { inFolder } from "./path.ts";
import { requireReplaceable } from "./preflight.ts";
import { systemRuntime } from "./runtime/default.ts";
import type { Runtime } from "./runtime/types.ts";

/** Options of {@link inspectInstallation}. */
export interface InspectInstallationOptions
  extends Pick<StepOptions, "runtime">, Pick<ExecutableOptions, "executable"> {}

/** What {@link inspectInstallation} found. */
export interface InstallationReport {
  /** Path of the executable, links resolved. */
  readonly executable: string;
  /** Its size in bytes; `undefined` when it is not there. */
  readonly size: number | undefined;
  /** Path of the previous version; `undefined` when there is none. */
  readonly backup: string | undefined;
  /** Path of the record of an update in progress, whether there is one or not. */
  readonly record: string;
  /** `running`: another process updates. `interrupted`: a crash left an update, which `recover` ends. */
  readonly progress: "none" | "running" | "interrupted";
  /** Bytes that may still be written beside the executable; `undefined` where unknown. */
  readonly freeBytes: number | undefined;
  /** What would stop an update, each as the error that it would end with. */
  readonly problems: readonly UpdateError[];
}

/**
 * Looks at an installation and tells what would stop an update: rights, a package manager, a full folder, a crash.
 *
 * Nothing is changed: a file is made in the folder and removed at once, to see whether that is possible. It does not
 * know what only a download could show.
 *
 * Permissions: reading and writing in the folder of the executable.
 *
 * @example Is there anything in the way?
 * ```ts
 * import { inspectInstallation } from "@cco/updater";
 * import assert from "node:assert/strict";
 * import { copyFile, mkdtemp, rm } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import process from "node:process";
 *
 * const folder = await mkdtemp(join(tmpdir(), "inspect-"));
 * const executable = join(folder, "app");
 * await copyFile(process.execPath, executable);
 *
 * const report = await inspectInstallation({ executable }); // a program of its own leaves `executable` out
 * assert.equal(report.progress, "none");
 * assert.deepEqual(report.problems, []);
 * await rm(folder, { recursive: true });
 * ```
 *
 * @param options Which executable.
 * @returns What was found.
 * @throws {FileError} When there is no executable.
 * @throws {TypeError} When no path is given and the running executable is the JavaScript runtime itself.
 */
export async function inspectInstallation(
  options: InspectInstallationOptions = {},
): Promise<InstallationReport> {
  const runtime = options.runtime ?? systemRuntime();
  const installation = await installationOf(runtime, options.executable);
  const { executable, backup, record, folder } = installation;
  const problems = [
    await problemOf(() => requireReplaceable(runtime, installation)),
    await problemOf(() => requireWritable(runtime, installation)),
  ];
  return {
    executable,
    size: (await runtime.fs.stat(executable))?.size,
    backup: (await runtime.fs.stat(backup))?.kind === "file" ? backup : undefined,
    record,
    progress: await progressOf(runtime, installation),
    freeBytes: await runtime.fs.freeSpace(folder).catch(() => undefined),
    problems: problems.filter((problem) => problem !== undefined),
  };
}

async function progressOf(
  runtime: Runtime,
  installation: Installation,
): Promise<InstallationReport["progress"]> {
  const state = await readRecord(runtime, installation);
  if (state.kind === "none") return "none";
  return state.kind === "valid" && state.isWriterAlive ? "running" : "interrupted";
}

async function requireWritable(runtime: Runtime, installation: Installation): Promise<void> {
  const path = inFolder(installation.folder, besideName(runtime, installation, "probe"));
  (await runtime.fs.open(path, { access: "create", mode: 0o600 })).close();
  await runtime.fs.remove(path);
}

async function problemOf(check: () => Promise<void>): Promise<UpdateError | undefined> {
  try {
    await check();
    return undefined;
  } catch (error) {
    const problem = toUpdateError(error);
    if (isUpdateError(problem)) return problem;
    if (isFileError(error)) return undefined;
    throw error;
  }
}
