/**
 * The service's background checks, and what is made of them.
 *
 * @module
 */

import type { BackgroundCheckEvent, BackgroundCheckOptions, Update } from "../../mod.ts";
import type { Runtime } from "../../machine.ts";
import type { ServiceState } from "./health.ts";
import type { Log } from "./log.ts";

/** What the service does with what it finds. */
export interface Duties {
  /** How to check; `undefined` while background checks are switched off. */
  readonly checks: BackgroundCheckOptions | undefined;
  /** Told of a check that worked. */
  readonly onChecked: (latest: string, update: Update | undefined) => Promise<void>;
  /** Called with an update that may be acted on now; tells whether another version is to take over. */
  readonly onUpdate: (update: Update, state: ServiceState) => Promise<"stay" | "hand-over">;
  /** Describes a failure in the words that administrators look for. */
  readonly describe: (error: unknown) => { readonly code: string; readonly message: string };
}

/** What {@link Checking} needs. */
export interface CheckingOptions {
  /** The machine. */
  readonly runtime: Runtime;
  /** The running version. */
  readonly version: string;
  /** Where to write what happens. */
  readonly log: Log;
  /** Reads the settings: at the start and after every request to reload them. */
  readonly loadDuties: () => Promise<Duties>;
  /** Called a second after a check: nothing will happen for a while. */
  readonly onIdle?: (() => void) | undefined;
}

/** So long the first word of the checks is waited for: the disk is read for it, no server is asked. */
const FIRST_WORD = 2000;

/** So long after a check its last words are written and its memory is free. */
const REST = 1000;

/** The background checks, and what is made of them. */
export class Checking {
  /** Resolves with the version that is to take over. */
  readonly successor: Promise<string>;
  readonly #options: CheckingOptions;
  readonly #state: ServiceState;
  #stop = (): void => {};
  #acting: Promise<void> = Promise.resolve();
  #startedAt = 0;
  #succeed = (_version: string): void => {};

  constructor(options: CheckingOptions, state: ServiceState) {
    this.successor = new Promise((resolve) => this.#succeed = resolve);
    this.#options = options;
    this.#state = state;
  }

  /**
   * Begins, or begins again with other settings. When the next check is due does not depend on that; it is known once
   * this has resolved.
   */
  async begin(): Promise<void> {
    const { runtime, log, loadDuties } = this.#options;
    const duties = await loadDuties();
    this.#stop();
    if (duties.checks === undefined) {
      Object.assign(this.#state, { nextCheck: undefined, failing: undefined });
      log.info("Background checks are switched off");
      return;
    }
    const { startBackgroundChecks } = await import("../../mod.ts");
    const { checks } = duties;
    const known = new AbortController();
    this.#stop = startBackgroundChecks({
      ...checks,
      onCheck: (event) => {
        this.#report(event, duties);
        known.abort();
      },
    }, (update) => this.#acting = this.#act(update, duties));
    await runtime.wait(FIRST_WORD, known.signal).catch(() => {});
  }

  /** An installation that has begun is finished or undone first. */
  async end(): Promise<void> {
    this.#stop();
    await this.#acting.catch(() => {});
  }

  async #act(update: Update, { onUpdate }: Duties): Promise<void> {
    if (await onUpdate(update, this.#state) === "hand-over") this.#succeed(update.version);
  }

  #report(event: BackgroundCheckEvent, duties: Duties): void {
    const { log, version, runtime } = this.#options;
    if ("next" in event) this.#state.nextCheck = event.next;
    if (event.kind === "started") {
      this.#startedAt = runtime.now();
      this.#state.nextCheck = this.#startedAt;
      log.info("Starting update check");
      log.info(`Current version: ${version}`);
    }
    if (event.kind === "checked") this.#checked(event.latest, event.update, duties);
    if (event.kind === "failed") this.#failed(event.error, duties);
  }

  #checked(latest: string, update: Update | undefined, { onChecked }: Duties): void {
    const { log, runtime } = this.#options;
    const state = this.#state;
    state.checks.ok++;
    this.#measure();
    Object.assign(state, { lastCheck: runtime.now(), latest, failing: undefined });
    log.info(`Latest version: ${latest}`);
    void onChecked(latest, update).catch((error: unknown) => log.warn(messageOf(error)));
  }

  #failed(error: unknown, { describe }: Duties): void {
    const { code, message } = describe(error);
    this.#state.checks.failed++;
    this.#measure();
    this.#state.failing = code;
    this.#options.log.warn(message);
  }

  #measure(): void {
    const { duration } = this.#state;
    const { runtime, onIdle } = this.#options;
    duration.last = runtime.now() - this.#startedAt;
    duration.sum += duration.last;
    if (onIdle !== undefined) void runtime.wait(REST, undefined, { keepAlive: false }).then(onIdle);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
