/**
 * At the next start: ends what a crash left in the middle.
 *
 * @module
 */

import { installationOf } from "./installation.ts";
import type { ExecutableOptions, StepOptions } from "./options.ts";
import { recoverInstallation, type RecoveryOutcome } from "./replace/recovery.ts";
import { strategyFor } from "./replace/system.ts";
import { systemRuntime } from "./runtime/default.ts";

/** Options of {@link recover}. */
export interface RecoverOptions extends Pick<StepOptions, "runtime">, ExecutableOptions {}

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
 * @throws {UpdateError} `ROLLBACK_FAILED` when neither version can be put in place: a human is needed.
 * @throws {FileError} When the folder cannot be read or written.
 */
export async function recover(options: RecoverOptions = {}): Promise<RecoverResult> {
  const runtime = options.runtime ?? systemRuntime();
  const installation = await installationOf(runtime, options.executable);
  return await recoverInstallation(runtime, strategyFor(runtime), installation, options.probe);
}
