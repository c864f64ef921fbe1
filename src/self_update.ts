/**
 * The whole flow, one call per step. The page to read first.
 *
 * 1. `recover` ends what an earlier crash left in the middle.
 * 2. `checkForUpdate` fetches the manifest, verifies it and chooses a version.
 * 3. `downloadVerified` downloads, verifies and stages the new executable beside the installed one.
 * 4. `atomicReplace` swaps, tries and commits it, or rolls back.
 *
 * @module
 */

import { atomicReplace } from "./atomic_replace.ts";
import { attemptOf, type UpdateAttempt } from "./audit_trail.ts";
import { checkForUpdate, type CheckForUpdateOptions, type Update } from "./check_for_update.ts";
import { downloadVerified, type DownloadVerifiedOptions } from "./download_verified.ts";
import type { UpdateError } from "./errors.ts";
import type { Source } from "./fetch_manifest.ts";
import { type BackupOptions, keepBackupsOf } from "./options.ts";
import { recover } from "./recover.ts";
import { systemRuntime } from "./runtime/default.ts";

/** Options of {@link selfUpdate}. */
export interface SelfUpdateOptions extends CheckForUpdateOptions, DownloadVerifiedOptions, BackupOptions {
  /** Where the manifest comes from. */
  readonly source: Source;
  /**
   * Asked before anything is downloaded; `false` defers the update.
   * @default every update is installed
   */
  readonly confirm?: ((update: Update) => boolean | Promise<boolean>) | undefined;
  /**
   * Told how an attempt to install ended, a failed one too: what an audit trail is made of, see `recordAttempt`. What it
   * throws is ignored.
   */
  readonly onAttempt?: ((attempt: UpdateAttempt) => void | Promise<unknown>) | undefined;
}

/** What {@link selfUpdate} did. */
export interface SelfUpdateResult {
  /** What became of it; `deferred`: `confirm` said no. */
  readonly outcome: "updated" | "up-to-date" | "rolled-back" | "deferred";
  /** The version before. */
  readonly from: string;
  /** The version that is installed now. */
  readonly to: string;
  /** What was found, if anything. */
  readonly update: Update | undefined;
  /** Why it was rolled back. */
  readonly cause: UpdateError | undefined;
}

/**
 * Updates the running program, or another executable, to the newest version it is offered.
 *
 * Afterwards the executable is exactly the old or exactly the new version, and the new one has been run once. The
 * running process goes on with the old code: restart it to use the new one.
 *
 * Permissions: network access to source and asset; reading, writing and running in the executable's folder; reading and
 * writing the state folder.
 *
 * @example Nothing newer
 * ```ts
 * import { selfUpdate } from "@cco/updater";
 * import assert from "node:assert/strict";
 * import { mkdtemp, rm, writeFile } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { pathToFileURL } from "node:url";
 *
 * const folder = await mkdtemp(join(tmpdir(), "self-update-"));
 * const manifest = join(folder, "version-manifest.json");
 * await writeFile(manifest, JSON.stringify({ latest: { stable: "1.4.0" }, versions: { "1.4.0": {} } }));
 * await writeFile(join(folder, "app"), "");
 *
 * const result = await selfUpdate({
 *   currentVersion: "1.4.0",
 *   source: pathToFileURL(manifest).href,
 *   executable: join(folder, "app"),
 * });
 * assert.equal(result.outcome, "up-to-date");
 * await rm(folder, { recursive: true });
 * ```
 *
 * @param options Where the manifest comes from, whom to trust, and which executable.
 * @returns What was done.
 * @throws {RangeError} When `keepBackups` is no whole number from 1 to 100.
 * @throws {UpdateError} What the steps throw; every code but `ROLLBACK_FAILED` leaves the installed version unchanged.
 */
export async function selfUpdate(options: SelfUpdateOptions): Promise<SelfUpdateResult> {
  const runtime = options.runtime ?? systemRuntime();
  const step = { ...options, runtime };
  const from = options.currentVersion;
  const report = (phase: "checking") =>
    options.onProgress?.({ phase, receivedBytes: 0, totalBytes: undefined, bytesPerSecond: 0 });

  // Before anything is downloaded: it is the caller's mistake.
  keepBackupsOf(options);
  await recover(step);
  report("checking");
  const update = await checkForUpdate(options.source, step);
  if (update === undefined) return { outcome: "up-to-date", from, to: from, update, cause: undefined };
  if (await options.confirm?.(update) === false) {
    return { outcome: "deferred", from, to: from, update, cause: undefined };
  }
  const tell = async (facts: { result?: string; error?: unknown }): Promise<void> => {
    const attempt = attemptOf(update, { ...facts, time: runtime.now(), how: "library" });
    // The update is what it is, whatever becomes of the report.
    await Promise.resolve(attempt).then(options.onAttempt).catch(() => {});
  };
  try {
    const staged = await downloadVerified(update, step);
    const { outcome, cause } = await atomicReplace(staged, step);
    await tell({ result: outcome, error: cause });
    return { outcome, from, to: outcome === "updated" ? update.version : from, update, cause };
  } catch (error) {
    await tell({ error });
    throw error;
  }
}
