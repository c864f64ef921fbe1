/**
 * The service itself: background checks with a log, and addresses at which it can be asked how it is.
 *
 * @module
 */

import type { BackgroundCheckEvent, BackgroundCheckOptions, Update } from "../../mod.ts";
import type { Runtime } from "../../machine.ts";
import { addressOf } from "./ask_health.ts";
import type { Listening } from "./guard.ts";
import { initialState, type ServiceState } from "./health.ts";
import { type HealthServer, serveHealth } from "./http_server.ts";
import type { Log } from "./log.ts";
import { claimService, type ServiceRecord } from "./record.ts";

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

/** Options of {@link runService}. */
export interface ServiceOptions {
  /** The machine. */
  readonly runtime: Runtime;
  /** The running version. */
  readonly version: string;
  /** Where record and schedule lie. */
  readonly stateDirectory: string;
  /** Where to listen. */
  readonly listening: Listening;
  /** When checks last worked. */
  readonly lastCheck: number | undefined;
  /** Where to write what happens. */
  readonly log: Log;
  /** Reads the settings: at the start and after every request to reload them. */
  readonly loadDuties: () => Promise<Duties>;
  /** Calls back when the settings are to be read again; returns how to end that. */
  readonly onReload: (listener: () => void) => () => void;
  /** Starts the version that `version` names; `false` when this one is to serve again. */
  readonly handOver: (version: string, state: ServiceState) => Promise<boolean>;
  /** Stops the service. */
  readonly signal: AbortSignal;
}

/** Another service runs already. */
export class AlreadyRunning extends Error {
  /** Always `"AlreadyRunning"`. */
  override readonly name = "AlreadyRunning";
  /** What is known about it. */
  readonly record: ServiceRecord;

  /** @param record What is known about it. */
  constructor(record: ServiceRecord) {
    super(`Daemon is already running (PID: ${record.pid})`);
    this.record = record;
  }
}

/**
 * Runs the service until its signal aborts, or another version has taken over.
 *
 * @param options Where it listens, what it remembers, and its duties.
 * @throws {AlreadyRunning} When another service of the same state folder runs.
 * @throws {Error} When the address cannot be listened on; `code` says why.
 */
export async function runService(options: ServiceOptions): Promise<void> {
  const { runtime, version, lastCheck, log } = options;
  const state = initialState({ version, pid: runtime.pid, startedAt: runtime.now(), lastCheck });
  try {
    for (;;) {
      const successor = await listenAndServe(options, state);
      if (successor === undefined || await options.handOver(successor, state)) break;
      state.phase = "starting";
    }
    log.info("Service stopped");
  } catch (error) {
    log.error(messageOf(error));
    throw error;
  } finally {
    await log.close();
  }
}

async function listenAndServe(options: ServiceOptions, state: ServiceState): Promise<string | undefined> {
  const { runtime, version, log, listening } = options;
  const server = await serveHealth(listening, state, runtime.now);
  const release = await claim(options, state, server);
  try {
    log.info(`Service started: version ${version}, ${addressOf({ ...listening, port: server.port })}`);
    return await serve(options, state);
  } finally {
    // The record goes last: without it the next service may start, and needs the port.
    await server.close();
    await release();
  }
}

async function claim(
  { runtime, stateDirectory, listening, version }: ServiceOptions,
  { startedAt }: ServiceState,
  server: HealthServer,
): Promise<() => Promise<void>> {
  try {
    const facts = { version, host: listening.host, port: server.port, startedAt };
    const claimed = await claimService(runtime, stateDirectory, facts);
    if ("running" in claimed) throw new AlreadyRunning(claimed.running);
    return claimed.release;
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** Serves until it is to stop, or a version is to take over, which is returned. */
async function serve(options: ServiceOptions, state: ServiceState): Promise<string | undefined> {
  const { log, onReload, signal } = options;
  const checking = new Checking(options, state);
  let reloading = checking.begin();
  await reloading;
  const endReloads = onReload(() => {
    log.info("Reading the settings again");
    reloading = reloading.then(() => checking.begin()).catch((error: unknown) =>
      log.error(`The settings stay as they were: ${messageOf(error)}`)
    );
  });
  if (!signal.aborted) {
    state.phase = "running";
    await Promise.race([checking.successor, aborted(signal)]);
  }
  state.phase = "stopping";
  log.info("Stopping");
  endReloads();
  await reloading;
  await checking.end();
  return signal.aborted ? undefined : await checking.successor;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** The background checks, and what is made of them. */
class Checking {
  /** Resolves with the version that is to take over. */
  readonly successor: Promise<string>;
  readonly #options: ServiceOptions;
  readonly #state: ServiceState;
  #stop = (): void => {};
  #acting: Promise<void> = Promise.resolve();
  #startedAt = 0;
  #succeed = (_version: string): void => {};

  constructor(options: ServiceOptions, state: ServiceState) {
    this.successor = new Promise((resolve) => this.#succeed = resolve);
    this.#options = options;
    this.#state = state;
  }

  /** Begins, or begins again with other settings. When the next check is due does not depend on that. */
  async begin(): Promise<void> {
    const duties = await this.#options.loadDuties();
    this.#stop();
    if (duties.checks === undefined) {
      Object.assign(this.#state, { nextCheck: undefined, failing: undefined });
      this.#options.log.info("Background checks are switched off");
      return;
    }
    const { startBackgroundChecks } = await import("../../mod.ts");
    this.#stop = startBackgroundChecks(
      { ...duties.checks, onCheck: (event) => this.#report(event, duties) },
      (update) => this.#acting = this.#act(update, duties),
    );
  }

  async #act(update: Update, { onUpdate }: Duties): Promise<void> {
    if (await onUpdate(update, this.#state) === "hand-over") this.#succeed(update.version);
  }

  /** An installation that has begun is finished or undone first. */
  async end(): Promise<void> {
    this.#stop();
    await this.#acting.catch(() => {});
  }

  #report(event: BackgroundCheckEvent, duties: Duties): void {
    const { log, version, runtime } = this.#options;
    if ("next" in event) this.#state.nextCheck = event.next;
    if (event.kind === "started") {
      this.#startedAt = runtime.now();
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
    duration.last = this.#options.runtime.now() - this.#startedAt;
    duration.sum += duration.last;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
