/**
 * The service itself: background checks with a log, and addresses at which it can be asked how it is.
 *
 * @module
 */

import type { Runtime } from "../../machine.ts";
import { addressOf } from "./ask_health.ts";
import { Checking, type CheckingOptions } from "./checking.ts";
import type { Listening } from "./guard.ts";
import { initialState, type ServiceState } from "./health.ts";
import { type HealthServer, serveHealth } from "./http_server.ts";
import type { Listener, PortSharing } from "./port_sharing.ts";
import { proveVersion, type ProvingOptions } from "./prove_version.ts";
import type { Supervisor } from "./supervisor.ts";
import { claimService, isAlive, type ServiceClaim, type ServiceFacts, type ServiceRecord } from "./record.ts";

/** What happens to the old version's service while the new one takes over. */
export interface Succession {
  /** The new one answers: whoever is connected to this one is to connect again. */
  readonly onJoined: () => void;
  /** The new one is no good and about to be ended: connections come to this one again, where the system can do that. */
  readonly onRefused: () => void;
}

/** Options of {@link runService}. */
export interface ServiceOptions extends CheckingOptions, ProvingOptions {
  /** The machine. */
  readonly runtime: Runtime;
  /** Where record and schedule lie. */
  readonly stateDirectory: string;
  /** Where to listen. */
  readonly listening: Listening;
  /** How two processes listen on one port; `undefined` where the system cannot. */
  readonly sharing: PortSharing | undefined;
  /** The process of the old version's service, when this one is to take over from it. */
  readonly predecessor: number | undefined;
  /** Which parts of `listening` were asked for, and do not come from the settings. */
  readonly flags?: ServiceFacts["flags"];
  /** Puts what keeps the service from starting in words that say what to do; what it returns is thrown. */
  readonly explain?: ((error: unknown) => unknown) | undefined;
  /** systemd, where it watches over this process. */
  readonly supervisor?: Supervisor | undefined;
  /** When checks last worked. */
  readonly lastCheck: number | undefined;
  /** Calls back when the settings are to be read again; returns how to end that. */
  readonly onReload: (listener: () => void) => () => void;
  /** Starts the version that `version` names; `false` when this one is to serve again. */
  readonly handOver: (version: string, state: ServiceState, succession: Succession) => Promise<boolean>;
  /** Stops the service. */
  readonly signal: AbortSignal;
}

/** How long somebody else's start on the same state folder, which cannot succeed, is waited for. */
const OTHERS = 5000;

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
  const { log } = options;
  try {
    const goesOn = await new Service(options).run();
    log.info(goesOn ? `Version ${options.version} has handed over and ends` : "Service stopped");
  } catch (error) {
    const failure = options.explain?.(error) ?? error;
    log.error(messageOf(failure));
    throw failure;
  } finally {
    await log.close();
  }
}

class Service {
  readonly #options: ServiceOptions;
  readonly #state: ServiceState;
  #server: HealthServer | undefined;
  #claim: ServiceClaim | undefined;
  /** Who gets the connections when this one stops listening. */
  #heir: Listener | undefined;

  constructor(options: ServiceOptions) {
    const { runtime, version, lastCheck } = options;
    this.#options = options;
    this.#state = initialState({ version, pid: runtime.pid, startedAt: runtime.now(), lastCheck });
  }

  /** Returns whether another process goes on with the service. */
  async run(): Promise<boolean> {
    try {
      for (;;) {
        const successor = await this.#serve();
        if (successor === undefined) return false;
        if (await this.#handOver(successor)) return this.#heir === "newcomer";
      }
    } finally {
      // The record goes last: without it the next service may start, and needs the port.
      await this.#server?.close(this.#heir);
      await this.#claim?.release();
    }
  }

  /** Serves until it is to stop, or a version is to take over, which is returned. */
  async #serve(): Promise<string | undefined> {
    const { signal } = this.#options;
    const checking = new Checking(this.#options, this.#state);
    try {
      await this.#begin(checking);
      const endReloads = this.#reloadWith(checking);
      const proven = proveVersion(this.#options, this.#state);
      if (!signal.aborted) await Promise.race([checking.successor, aborted(signal)]);
      await endReloads();
      if (signal.aborted) await this.#stopping();
      await proven.end(signal.aborted && this.#heir === undefined);
    } finally {
      await checking.end();
    }
    return signal.aborted ? undefined : await checking.successor;
  }

  /** One that takes over is asked at once, and so listens last; any other one answers 503 until it is ready. */
  async #begin(checking: Checking): Promise<void> {
    const { predecessor } = this.#options;
    const isFirst = this.#claim === undefined;
    if (predecessor === undefined || !isFirst) await this.#open();
    await checking.begin();
    this.#state.phase = "running";
    if (predecessor !== undefined && isFirst) await this.#open();
    await this.#tellReady();
  }

  async #tellReady(): Promise<void> {
    const { supervisor, version, listening } = this.#options;
    const port = this.#server?.port ?? listening.port;
    await supervisor?.ready(`Version ${version}, ${addressOf({ ...listening, port })}`);
  }

  /** Of two that start at once only one gets as far as the port. */
  async #open(): Promise<void> {
    const { runtime, version, log, listening, sharing, predecessor } = this.#options;
    const isFirst = this.#claim === undefined;
    const joins = predecessor !== undefined && isFirst;
    const listen = async (): Promise<HealthServer> =>
      this.#server ??= await serveHealth(listening, this.#state, runtime.now, { sharing, joins });
    if (joins) await listen();
    await this.#record();
    const { port } = await listen();
    const what = isFirst ? "started" : "goes on";
    log.info(`Service ${what}: version ${version}, ${addressOf({ ...listening, port })}`);
  }

  async #record(): Promise<void> {
    const { runtime, stateDirectory, listening, version, predecessor, flags } = this.#options;
    if (this.#claim === undefined) {
      const facts = { version, ...listening, startedAt: this.#state.startedAt, flags };
      const claimed = await claimService(runtime, stateDirectory, facts, predecessor);
      if ("running" in claimed) throw new AlreadyRunning(claimed.running);
      this.#claim = claimed;
    }
    const end = runtime.now() + OTHERS;
    for (;;) {
      const running = await this.#claim.hold();
      if (running === undefined) return;
      if (runtime.now() >= end) throw new AlreadyRunning(running);
      await runtime.wait(100);
    }
  }

  async #handOver(successor: string): Promise<boolean> {
    const { handOver, signal } = this.#options;
    const server = this.#server!;
    // The successor looks there for whom it follows; somebody may have tidied up.
    await this.#record().catch(() => {});
    if (!server.isShared) {
      await server.close();
      this.#server = undefined;
    }
    const hasTaken = await handOver(successor, this.#state, {
      onJoined: () => server.retire(),
      onRefused: () => server.resume(),
    });
    if (hasTaken && !signal.aborted) this.#heir = "newcomer";
    return hasTaken;
  }

  /** While the old version still watches it gets the connections back, and nobody is told to wait. */
  async #stopping(): Promise<void> {
    const { runtime, log, supervisor } = this.#options;
    log.info("Stopping");
    await supervisor?.stopping();
    const { predecessor } = this.#claim!;
    if (predecessor !== undefined && await isAlive(runtime, predecessor)) this.#heir = "incumbent";
    else this.#state.phase = "stopping";
  }

  #reloadWith(checking: Checking): () => Promise<void> {
    const { log, onReload, supervisor } = this.#options;
    let reloading = Promise.resolve();
    const reload = async (): Promise<void> => {
      await supervisor?.reloading();
      await checking.begin().catch((error: unknown) =>
        log.error(`The settings stay as they were: ${messageOf(error)}`)
      );
      await this.#tellReady();
    };
    const end = onReload(() => {
      log.info("Reading the settings again");
      reloading = reloading.then(reload);
    });
    return async () => {
      end();
      await reloading;
    };
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
