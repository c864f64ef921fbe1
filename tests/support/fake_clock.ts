/**
 * A clock that stands still until a test moves it.
 *
 * @module
 */

/** Time as a runtime sees it, and the means to move it. */
export interface FakeClock {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Resolves when the clock has been moved far enough; at once for no time at all. */
  readonly wait: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** Moves the clock; those whose time has come continue, in the order of their times. */
  advance(milliseconds: number): Promise<void>;
  /** The pauses that are being waited for, shortest first. */
  pauses(): number[];
  /** Resolves once somebody waits for a pause that has exactly this long to go. */
  reached(pause: number): Promise<void>;
}

/** Makes a clock. */
export function fakeClock(start: number = Date.parse("2026-01-15T12:00:00Z")): FakeClock {
  let time = start;
  const waiting = new Set<{ readonly due: number; readonly resolve: () => void }>();
  const pauses = (): number[] => [...waiting].map(({ due }) => due - time).sort((a, b) => a - b);
  return {
    now: () => time,
    pauses,
    async reached(pause) {
      for (let turn = 0; !pauses().includes(pause); turn++) {
        if (turn > 10_000) throw new Error(`Nobody waits for ${pause} ms but for ${pauses()}`);
        await Promise.resolve();
      }
    },
    wait(milliseconds, signal) {
      if (signal?.aborted) return Promise.reject(signal.reason);
      if (milliseconds <= 0) return Promise.resolve();
      return new Promise((resolve, reject) => {
        const entry = { due: time + milliseconds, resolve };
        waiting.add(entry);
        signal?.addEventListener("abort", () => {
          if (waiting.delete(entry)) reject(signal.reason);
        }, { once: true });
      });
    },
    async advance(milliseconds) {
      const end = time + milliseconds;
      for (;;) {
        const [next] = [...waiting].filter(({ due }) => due <= end).sort((a, b) => a.due - b.due);
        if (next === undefined) break;
        time = Math.max(time, next.due);
        waiting.delete(next);
        next.resolve();
        // Whoever continues may wait again before the time is up.
        for (let turn = 0; turn < 20; turn++) await Promise.resolve();
      }
      time = end;
    },
  };
}
