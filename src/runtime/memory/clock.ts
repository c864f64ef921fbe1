/** A clock that moves when it is told to, or by itself whenever nothing but waiting is going on. */

interface Timer {
  readonly at: number;
  readonly fire: () => void;
}

/** So many turns of the event loop in which nothing happens mean that nothing will, but for the clock. */
const IDLE_TURNS = 10;

/** The clock of a machine in memory. */
export class MemoryClock {
  readonly #isManual: boolean;
  readonly #timers = new Set<Timer>();
  #now: number;
  #activity = 0;
  #isSkipping = false;

  /**
   * Sets the clock.
   *
   * @param now Milliseconds since the epoch.
   * @param kind `instant`: when everybody waits, the time jumps to the end of the first wait. `manual`: only
   * {@link advance} moves it.
   */
  constructor(now: number, kind: "instant" | "manual") {
    this.#now = now;
    this.#isManual = kind === "manual";
  }

  /** Says that something is going on: the time does not jump yet. */
  touch(): void {
    this.#activity++;
  }

  /** Milliseconds since the epoch. */
  get now(): number {
    return this.#now;
  }

  /** How many waits are under way. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** See `Runtime.wait`. */
  wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const timer: Timer = { at: this.#now + Math.max(0, milliseconds), fire: elapsed };
      const timers = this.#timers.add(timer);
      signal?.addEventListener("abort", aborted, { once: true });
      if (!this.#isManual) void this.#skip();

      function elapsed(): void {
        if (!timers.delete(timer)) return;
        signal?.removeEventListener("abort", aborted);
        resolve();
      }

      function aborted(): void {
        timers.delete(timer);
        reject(signal?.reason);
      }
    });
  }

  /**
   * Lets time pass: waits end one after the other, each at its time, and what they hold up goes on in between.
   *
   * @param milliseconds How much.
   */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await settle();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#now = Math.max(this.#now, next.at);
      next.fire();
      await settle();
    }
    this.#now = end;
  }

  /** Jumps from wait to wait as long as anybody waits. */
  async #skip(): Promise<void> {
    if (this.#isSkipping) return;
    this.#isSkipping = true;
    while (this.#timers.size > 0) {
      const before = this.#activity;
      for (let turn = 0; turn < IDLE_TURNS; turn++) await settle();
      const next = this.#next(Infinity);
      if (before !== this.#activity || next === undefined) continue;
      this.#now = Math.max(this.#now, next.at);
      next.fire();
    }
    this.#isSkipping = false;
  }

  #next(end: number): Timer | undefined {
    const due = [...this.#timers].filter(({ at }) => at <= end);
    return due.sort((a, b) => a.at - b.at)[0];
  }
}

/** Gives everything that can go on without a timer the time to do so. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
