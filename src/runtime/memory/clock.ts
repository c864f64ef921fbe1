/** A clock that moves when it is told to, or that skips every wait. */

interface Timer {
  readonly at: number;
  readonly fire: () => void;
}

/** The clock of a machine in memory. */
export class MemoryClock {
  readonly #isManual: boolean;
  readonly #timers = new Set<Timer>();
  #now: number;

  /**
   * @param now Milliseconds since the epoch.
   * @param kind `instant`: whoever waits is there at once, and the time too. `manual`: only {@link advance} moves it.
   */
  constructor(now: number, kind: "instant" | "manual") {
    this.#now = now;
    this.#isManual = kind === "manual";
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
      if (!this.#isManual) this.#now += Math.max(0, milliseconds);
      const timer: Timer = { at: this.#now + (this.#isManual ? milliseconds : 0), fire: elapsed };
      const timers = this.#timers.add(timer);
      signal?.addEventListener("abort", aborted, { once: true });
      if (!this.#isManual) queueMicrotask(elapsed);

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

  #next(end: number): Timer | undefined {
    const due = [...this.#timers].filter(({ at }) => at <= end);
    return due.sort((a, b) => a.at - b.at)[0];
  }
}

/** Gives everything that can go on without a timer the time to do so. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
