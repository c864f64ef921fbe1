/**
 * Three timers against a server that goes silent or sends too slowly (T7).
 *
 * Only the time spent waiting for the server counts: a slow disk or a paused program is not the server's fault.
 *
 * @module
 */

import { CONNECT_TIMEOUT, IDLE_TIMEOUT, MINIMUM_RATE, RATE_WINDOW } from "./limits.ts";
import type { Runtime } from "./runtime/types.ts";

/** How long to wait; in milliseconds. */
export interface Patience {
  /** From the request to the first byte of the answer. */
  readonly connect?: number | undefined;
  /** Without a single byte. */
  readonly idle?: number | undefined;
  /** Bytes per second, averaged over a minute. */
  readonly rate?: number | undefined;
}

/** Which timer ran out, and after how many milliseconds. */
export interface Stall {
  readonly phase: "connect" | "idle" | "rate";
  readonly milliseconds: number;
}

/** How often the average rate is sampled within its window. */
const SAMPLES = 12;

/** Watches one exchange from its request to its last byte. */
export class StallWatch {
  readonly #runtime: Pick<Runtime, "now" | "wait">;
  readonly #patience: Required<Record<keyof Patience, number>>;
  readonly #stopped = new AbortController();
  #connected = false;
  #waitingSince: number | undefined;
  #waited = 0;
  #received = 0;
  #samples: { waited: number; received: number }[] = [{ waited: 0, received: 0 }];

  /**
   * Starts with the connect timer running.
   *
   * @param runtime The clock.
   * @param patience How long to wait.
   * @param onStall Called at most once, when a timer runs out.
   */
  constructor(
    runtime: Pick<Runtime, "now" | "wait">,
    { connect = CONNECT_TIMEOUT, idle = IDLE_TIMEOUT, rate = MINIMUM_RATE }: Patience,
    onStall: (stall: Stall) => void,
  ) {
    this.#runtime = runtime;
    this.#patience = { connect, idle, rate };
    this.#waitingSince = runtime.now();
    void this.#watch(onStall);
  }

  /** The server has answered; what is waited for from now on are bytes of the body. */
  connected(): void {
    this.#connected = true;
    this.#waitingSince = undefined;
  }

  /** The next bytes are being waited for. */
  waiting(): void {
    this.#waitingSince = this.#runtime.now();
  }

  /** Bytes have arrived. */
  arrived(bytes: number): void {
    if (this.#waitingSince !== undefined) this.#waited += this.#runtime.now() - this.#waitingSince;
    this.#waitingSince = undefined;
    this.#received += bytes;
  }

  /** Ends the timers. */
  stop(): void {
    this.#stopped.abort("stopped");
  }

  /** One timer for the whole exchange: one per chunk would cost more than hashing the chunk. */
  async #watch(onStall: (stall: Stall) => void): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      try {
        await this.#runtime.wait(this.#pause(), signal);
      } catch {
        return;
      }
      const stall = this.#stall();
      if (stall === undefined) continue;
      this.stop();
      onStall(stall);
    }
  }

  #pause(): number {
    const { connect, idle } = this.#patience;
    const longest = this.#connected ? Math.min(idle, RATE_WINDOW / SAMPLES) : connect;
    const remaining = (this.#connected ? idle : connect) - this.#silence();
    return Math.max(1, Math.min(longest, remaining));
  }

  #stall(): Stall | undefined {
    const { connect, idle } = this.#patience;
    const silence = this.#silence();
    if (!this.#connected) return silence >= connect ? { phase: "connect", milliseconds: connect } : undefined;
    if (silence >= idle) return { phase: "idle", milliseconds: idle };
    return this.#tooSlow() ? { phase: "rate", milliseconds: RATE_WINDOW } : undefined;
  }

  #silence(): number {
    return this.#waitingSince === undefined ? 0 : this.#runtime.now() - this.#waitingSince;
  }

  /** Compares with the newest sample that is a whole window old. */
  #tooSlow(): boolean {
    const waited = this.#waited + this.#silence();
    const old = this.#samples.findLastIndex((sample) => waited - sample.waited >= RATE_WINDOW);
    this.#samples = [...this.#samples.slice(Math.max(0, old)), { waited, received: this.#received }];
    const [first] = this.#samples;
    if (old < 0 || first === undefined) return false;
    const seconds = (waited - first.waited) / 1000;
    return this.#received - first.received < this.#patience.rate * seconds;
  }
}
