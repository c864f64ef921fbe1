/**
 * Step 4: the new executable takes the place of the old one, or everything is as before.
 *
 * 1. The staged file is hashed once more through one descriptor, and probed under its temporary name.
 * 2. The record gets both digests, durably: from here on a crash can be told apart at any point.
 * 3. The strategy of the operating system backs the live file up and swaps (`replace/posix.ts`, `replace/windows.ts`).
 * 4. The file that is now live must be the one that was hashed; it is probed under its real name.
 * 5. Good: commit; the record goes last. Bad: the backup returns, and the folder is as it was.
 *
 * @module
 */

import type { Update } from "./check_for_update.ts";
import { isFileError, isUpdateError, type UpdateError } from "./errors.ts";
import { toUpdateError } from "./install_error.ts";
import type { Installation } from "./installation.ts";
import type { Claim } from "./journal.ts";
import {
  type BackupOptions,
  type ExecutableOptions,
  keepBackupsOf,
  type ProgressOptions,
  type SourceOptions,
  type StepOptions,
  type TrustOptions,
} from "./options.ts";
import type { UpdatePhase } from "./progress.ts";
import { outcomeMemory } from "./probation_memory.ts";
import { probe } from "./probe.ts";
import { displacedName, requireStaged, requireSwapped, requireUnchanged } from "./replace/checks.ts";
import { commit, finish, rollbackFailed, undoUnswapped } from "./replace/ending.ts";
import { fileDigest } from "./replace/file_digest.ts";
import type { OutcomeMemory } from "./replace/recovery.ts";
import { displacedPath, type ReplaceFiles, type ReplaceStrategy } from "./replace/strategy.ts";
import { strategyFor } from "./replace/system.ts";
import { systemRuntime } from "./runtime/default.ts";
import type { Runtime } from "./runtime/types.ts";
import { stateDirectoryOf } from "./state_directory.ts";
import { redeem, type StagedUpdate } from "./staged_update.ts";

/** Options of {@link atomicReplace}. `signal` counts only until the swap begins. */
export interface AtomicReplaceOptions
  extends
    StepOptions,
    Pick<ExecutableOptions, "probe">,
    ProgressOptions,
    BackupOptions,
    Pick<TrustOptions, "app">,
    Pick<SourceOptions, "stateDirectory"> {}

/** What {@link atomicReplace} did. */
export interface ReplaceResult {
  /** `updated`: the new version is in place and works. `rolled-back`: it did not work there, and the old one is back. */
  readonly outcome: "updated" | "rolled-back";
  /** The version before. */
  readonly from: string;
  /** The version that was to be installed. */
  readonly to: string;
  /** Path of the executable. */
  readonly executable: string;
  /** Path of the previous version, kept after an update; older ones lie beside it. */
  readonly backup: string;
  /** Why it was rolled back. */
  readonly cause: UpdateError | undefined;
}

/**
 * Puts a staged update in the place of the installed executable, tries it, and commits or rolls back.
 *
 * On POSIX systems there is an executable at its path at every instant; on Windows there is none between two renames,
 * and `recover` covers a crash there. After a power cut at any moment, `recover` ends the update one way or the other.
 * A version that does not run under its real name is taken back at once; whether it works in every respect is not known.
 * A version that fails its probe, before or after the swap, is remembered and not offered again unless it is asked for.
 *
 * The swap takes no signal: once it has begun it is finished or undone.
 *
 * Permissions: reading, writing and running in the folder of the executable.
 *
 * @param staged What `downloadVerified` returned; it is used up, whatever the outcome.
 * @param options How the new version is tried.
 * @returns What was done.
 * @throws {UpdateError} `PROBE_FAILED`, `TAMPERED`, `NOT_WRITABLE`, `DISK_FULL`, `REPLACE_FAILED`: nothing was changed.
 *   `ROLLBACK_FAILED`: neither version could be put in place, a human is needed.
 * @throws {TypeError} When `staged` does not come from `downloadVerified` or was used before.
 * @throws {RangeError} When `keepBackups` is no whole number from 1 to 100; `staged` is not used up then.
 */
export async function atomicReplace(
  staged: StagedUpdate,
  options: AtomicReplaceOptions = {},
): Promise<ReplaceResult> {
  const keep = keepBackupsOf(options);
  const { installation, claim } = redeem(staged);
  const runtime = options.runtime ?? systemRuntime();
  const replace = new Replace(runtime, staged, installation, claim, { ...options, keepBackups: keep });
  try {
    await replace.prepare();
  } catch (error) {
    await undone(runtime, installation, claim);
    throw toUpdateError(error);
  }
  return await replace.swap();
}

/** What cannot be undone now is undone by `recover`: the caller has to hear of what failed first. */
async function undone(runtime: Runtime, installation: Installation, claim: Claim): Promise<void> {
  await undoUnswapped(runtime, installation, claim.record).catch(() => {});
}

/** One replace, from the staged file to the commit. */
class Replace {
  readonly #runtime: Runtime;
  readonly #staged: StagedUpdate;
  readonly #installation: Installation;
  readonly #claim: Claim;
  readonly #options: AtomicReplaceOptions & { readonly keepBackups: number };
  readonly #strategy: ReplaceStrategy;
  #identity: string | undefined;

  constructor(
    runtime: Runtime,
    staged: StagedUpdate,
    installation: Installation,
    claim: Claim,
    options: AtomicReplaceOptions & { readonly keepBackups: number },
  ) {
    this.#runtime = runtime;
    this.#staged = staged;
    this.#installation = installation;
    this.#claim = claim;
    this.#options = options;
    this.#strategy = strategyFor(runtime);
  }

  /** Everything that can be found out and written before the live file is touched. */
  async prepare(): Promise<void> {
    const { signal, keepBackups: keep } = this.#options;
    signal?.throwIfAborted();
    this.#identity = await requireStaged(this.#runtime, this.#staged);
    this.#report("probing");
    await this.#probeStaged(signal);
    signal?.throwIfAborted();
    await this.#claim.amend({
      to: { version: this.#update.version, sha256: this.#staged.sha256 },
      displaced: await displacedName(this.#runtime, this.#installation, keep),
      keep,
    });
    this.#report("backing-up");
    await requireUnchanged(this.#runtime, this.#installation, this.#claim.record.from.sha256);
    await this.#strategy.backUp(this.#files);
  }

  async swap(): Promise<ReplaceResult> {
    try {
      this.#report("installing");
      await this.#strategy.swap(this.#files);
    } catch (error) {
      await this.#undo(error);
      throw toUpdateError(error);
    }
    try {
      const { executable: path, sha256 } = this.#staged;
      await requireSwapped(this.#runtime, { path, sha256 }, this.#identity);
      await this.#probe(this.#installation.executable);
    } catch (error) {
      await this.#rollBack(error);
      // A tampered file is no bad release: the caller must hear of it as what it is.
      if (!isUpdateError(error) || error.code !== "PROBE_FAILED") throw toUpdateError(error);
      return this.#result("rolled-back", error);
    }
    // Before the record goes: a crash in between must not leave a new version that nobody watches.
    const { version, from } = this.#update;
    await this.#memory.works({ version, from });
    await this.#end(commit);
    return this.#result("updated", undefined);
  }

  get #update(): Update {
    return this.#staged.update;
  }

  get #files(): ReplaceFiles {
    const displaced = displacedPath(this.#installation, this.#claim.record.displaced);
    return { installation: this.#installation, staged: this.#staged.path, displaced };
  }

  async #probe(path: string, signal?: AbortSignal): Promise<void> {
    const options = { ...this.#options.probe, signal };
    await probe(this.#runtime, this.#installation, path, this.#update.version, options);
  }

  /** What fails here is remembered too: an unattended updater would download it again at every check. */
  async #probeStaged(signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#probe(this.#staged.path, signal);
    } catch (error) {
      await this.#memory.fails(this.#update.version, error);
      throw error;
    }
  }

  /** The swap itself failed. What is live now says what has to be undone. */
  async #undo(cause: unknown): Promise<void> {
    const live = await fileDigest(this.#runtime, this.#installation.executable).catch(() => undefined);
    if (live !== this.#claim.record.from.sha256) return await this.#rollBack(cause);
    await undone(this.#runtime, this.#installation, this.#claim);
  }

  async #rollBack(cause: unknown): Promise<void> {
    try {
      this.#report("rolling-back");
    } catch {
      // Nothing that a callback throws may keep a bad version in place.
    }
    // First, so that no crash makes the failed version look new again. Restoring matters more than remembering.
    await this.#memory.fails(this.#update.version, cause).catch(() => {});
    try {
      await this.#strategy.restore(this.#files);
    } catch (error) {
      throw rollbackFailed(this.#installation, this.#claim.record, new AggregateError([cause, error]));
    }
    await this.#end(finish);
  }

  /** The outcome stands: what cannot be removed now is removed at the next start. */
  async #end(how: typeof commit | typeof finish): Promise<void> {
    await how(this.#runtime, this.#installation, this.#claim.record).catch((error) => {
      if (!isFileError(error)) throw error;
    });
  }

  get #memory(): OutcomeMemory {
    const stateDirectory = stateDirectoryOf(this.#runtime, this.#options);
    return outcomeMemory(this.#runtime, this.#installation, stateDirectory);
  }

  #report(phase: UpdatePhase): void {
    this.#options.onProgress?.({ phase, receivedBytes: 0, totalBytes: undefined, bytesPerSecond: 0 });
  }

  #result(outcome: ReplaceResult["outcome"], cause: UpdateError | undefined): ReplaceResult {
    const { executable, backup } = this.#installation;
    return { outcome, from: this.#update.from, to: this.#update.version, executable, backup, cause };
  }
}
