/**
 * Background checks: when to look for an update while a program runs.
 *
 * @module
 */

import { claimCheck } from "./background_claim.ts";
import {
  afterFailure,
  afterSuccess,
  firstSchedule,
  isDue,
  pauseUntil,
  replanned,
  type Rhythm,
  type Schedule,
  whileActing,
} from "./background_schedule.ts";
import { readSchedule, unwrittenSchedule, writeSchedule } from "./background_state.ts";
import { type CheckForUpdateOptions, explainUpdate, type Update } from "./check_for_update.ts";
import type { Source } from "./fetch_manifest.ts";
import { CHECK_INTERVAL } from "./limits.ts";
import { systemRuntime } from "./runtime/default.ts";
import type { Runtime } from "./runtime/types.ts";
import { stateDirectoryOf } from "./state_directory.ts";

/** Options of {@link startBackgroundChecks}. */
export interface BackgroundCheckOptions extends CheckForUpdateOptions {
  /** Where the manifest comes from. */
  readonly source: Source;
  /**
   * Milliseconds between two checks, at least a minute. Up to a tenth more is added by chance, so that a fleet does not
   * ask all at once.
   * @default one day
   */
  readonly interval?: number | undefined;
  /**
   * Whether an update may be reported at a time, in milliseconds since the epoch: a maintenance window. One that is found
   * outside it is looked for again when it opens.
   * @default always
   */
  readonly window?: ((time: number) => boolean) | undefined;
  /** Told what goes on. What it throws is ignored. */
  readonly onCheck?: ((event: BackgroundCheckEvent) => void) | undefined;
}

/** What a background check does. `next` is when the next one is due, in milliseconds since the epoch. */
export type BackgroundCheckEvent =
  | { readonly kind: "scheduled"; readonly next: number }
  | { readonly kind: "started" }
  | {
    readonly kind: "checked";
    readonly latest: string;
    readonly update: Update | undefined;
    /** Whether the update waits for the window. */
    readonly isWaiting: boolean;
    readonly next: number;
  }
  | { readonly kind: "failed"; readonly error: unknown; readonly next: number };

const DAY = 24 * 3_600_000;

/**
 * Checks for updates now and then while the program runs, and calls back when there is one.
 *
 * When the next check is due lies in the state folder: a program that starts often does not check more often, and of
 * several processes one checks, whose `onUpdate` alone is called. The clock on the wall is looked at every hour, so that
 * sleep and changes of the clock are survived. A check that fails is tried again after a quarter of an hour, then after
 * twice as long each time, and later when the server asks for it; nothing is ever thrown into the program. Waiting does
 * not keep the program alive; a check under way does until it ends.
 *
 * Permissions: those of `checkForUpdate`; reading and writing the state folder, without which every process checks for
 * itself.
 *
 * @example Look in the background, here until the first result
 * ```ts
 * import { startBackgroundChecks } from "@cco/updater";
 * import assert from "node:assert/strict";
 * import { mkdtemp, rm, writeFile } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { pathToFileURL } from "node:url";
 *
 * const folder = await mkdtemp(join(tmpdir(), "background-"));
 * const manifest = join(folder, "version-manifest.json");
 * await writeFile(manifest, JSON.stringify({ latest: { stable: "1.4.0" }, versions: { "1.4.0": {} } }));
 * const due = JSON.stringify({ next: 0, failures: 0, isWaiting: false });
 * await writeFile(join(folder, "background.json"), due);
 *
 * const { promise, resolve } = Promise.withResolvers<string>();
 * const stop = startBackgroundChecks({
 *   currentVersion: "1.4.0",
 *   source: pathToFileURL(manifest).href,
 *   stateDirectory: folder,
 *   onCheck: (event) => event.kind === "checked" && resolve(event.latest),
 * }, (update) => console.log(`${update.version} is available`));
 * assert.equal(await promise, "1.4.0");
 * stop();
 * await rm(folder, { recursive: true });
 * ```
 *
 * @param options What is installed, where to look, and how often.
 * @param onUpdate Called with an update, once for each check that finds it. What it throws counts as a failed check.
 * @returns Ends the checks; one under way is cancelled. Calling it again does nothing.
 * @throws {RangeError} When the interval is too short.
 */
export function startBackgroundChecks(
  options: BackgroundCheckOptions,
  onUpdate: (update: Update) => void | Promise<void>,
): () => void {
  const interval = options.interval ?? DAY;
  if (!(interval >= CHECK_INTERVAL && interval < Infinity)) {
    throw new RangeError(
      `Cannot check every ${interval} ms: the interval must be at least ${CHECK_INTERVAL} ms`,
    );
  }
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  const { signal } = options;
  if (signal?.aborted) return stop;
  signal?.addEventListener("abort", stop, { once: true });
  const checks = new BackgroundChecks({ ...options, interval, signal: controller.signal }, onUpdate);
  void checks.run().finally(() => signal?.removeEventListener("abort", stop));
  return stop;
}

class BackgroundChecks {
  readonly #options: BackgroundCheckOptions & { interval: number; signal: AbortSignal };
  readonly #onUpdate: (update: Update) => void | Promise<void>;
  readonly #runtime: Runtime;
  readonly #folder: string;
  /** What this process knows; it counts where it could not be written down. */
  #schedule: Schedule | undefined;
  #isKept: boolean;
  #announced: number | undefined;

  constructor(
    options: BackgroundCheckOptions & { interval: number; signal: AbortSignal },
    onUpdate: (update: Update) => void | Promise<void>,
  ) {
    this.#options = options;
    this.#onUpdate = onUpdate;
    this.#runtime = options.runtime ?? systemRuntime();
    this.#folder = stateDirectoryOf(this.#runtime, options);
    this.#schedule = unwrittenSchedule(this.#runtime, this.#folder);
    this.#isKept = this.#schedule === undefined;
  }

  async run(): Promise<void> {
    const { signal } = this.#options;
    while (!signal.aborted) {
      let pause = CHECK_INTERVAL;
      try {
        pause = await this.#tick();
      } catch {
        // Not the network's fault, which is counted elsewhere: look again in a minute.
      }
      await this.#runtime.wait(pause, signal, { keepAlive: false }).catch(() => {});
    }
  }

  /** Checks when it is time; returns how long to wait before the next look. */
  async #tick(): Promise<number> {
    const schedule = await this.#load();
    if (!this.#isDue(schedule)) return this.#pause(schedule);
    const release = await claimCheck(this.#runtime, this.#folder);
    // Another process is checking right now.
    if (release === undefined) return CHECK_INTERVAL;
    try {
      // It may also have just finished.
      const latest = await this.#load();
      return this.#pause(this.#isDue(latest) ? await this.#check(latest) : latest);
    } finally {
      await release();
    }
  }

  async #load(): Promise<Schedule> {
    const kept = this.#isKept ? await readSchedule(this.#runtime, this.#folder) : undefined;
    const known = kept ?? this.#schedule;
    this.#schedule = known && replanned(known, this.#runtime.now(), this.#options.interval);
    return this.#schedule ?? await this.#keep(firstSchedule(this.#runtime.now(), this.#rhythm()));
  }

  async #keep(schedule: Schedule): Promise<Schedule> {
    this.#schedule = schedule;
    this.#isKept = await writeSchedule(this.#runtime, this.#folder, schedule);
    return schedule;
  }

  #isDue(schedule: Schedule): boolean {
    const { interval } = this.#options;
    return isDue(schedule, this.#runtime.now(), { interval, isOpen: this.#isOpen() });
  }

  #isOpen(): boolean {
    return this.#options.window?.(this.#runtime.now()) ?? true;
  }

  #pause(schedule: Schedule): number {
    const { next } = schedule;
    if (next !== this.#announced) this.#tell({ kind: "scheduled", next });
    return pauseUntil(schedule, this.#runtime.now());
  }

  async #check(schedule: Schedule): Promise<Schedule> {
    const { source, signal } = this.#options;
    this.#tell({ kind: "started" });
    try {
      const { latest, update } = await explainUpdate(source, { ...this.#options, runtime: this.#runtime });
      const isWaiting = update !== undefined && !this.#isOpen();
      const after = afterSuccess(this.#runtime.now(), this.#rhythm(), { isWaiting });
      const isActing = update !== undefined && !isWaiting;
      // Before the program acts on it: a crash while it does must not make every start check again.
      await this.#keep(isActing ? whileActing(schedule, this.#runtime.now(), this.#rhythm()) : after);
      this.#tell({ kind: "checked", latest, update, isWaiting, next: after.next });
      if (!isActing) return after;
      await this.#onUpdate(update);
      return await this.#keep(after);
    } catch (error) {
      if (signal.aborted) return schedule;
      const after = await this.#keep(
        afterFailure(schedule, this.#runtime.now(), this.#rhythm(), error),
      );
      this.#tell({ kind: "failed", error, next: after.next });
      return after;
    }
  }

  #rhythm(): Rhythm {
    const [high = 0, low = 0] = this.#runtime.random(2);
    return { interval: this.#options.interval, chance: (high * 256 + low) / 65_536 };
  }

  #tell(event: BackgroundCheckEvent): void {
    if ("next" in event) this.#announced = event.next;
    try {
      this.#options.onCheck?.(event);
    } catch {
      // The program's own report is no reason to end its updates.
    }
  }
}
