/**
 * Several sources asked at the same time, and the best valid answer (T8).
 *
 * @module
 */

import { isUpdateError } from "./errors.ts";
import { SOURCE_GRACE } from "./limits.ts";
import type { Runtime } from "./runtime/types.ts";

/** Asks one source; ends when the signal is aborted. */
export type Ask<T> = (signal: AbortSignal | undefined) => Promise<T>;

/** What came of asking. Both lists are in the order of the sources. */
export interface RaceResult<T> {
  readonly answers: readonly T[];
  readonly failures: readonly Error[];
}

/**
 * Asks all sources at once. As soon as one has given a valid answer the others have {@link SOURCE_GRACE} left: so the
 * order in which they answer does not decide, and one that hangs delays nobody.
 *
 * @param runtime The clock.
 * @param sources How to ask each of them.
 * @param signal Ends all.
 * @returns The valid answers and the failures that came in time.
 * @throws What is no `UpdateError`, and the signal's reason.
 */
export async function raceSources<T>(
  runtime: Pick<Runtime, "wait">,
  sources: readonly Ask<T>[],
  signal: AbortSignal | undefined,
): Promise<RaceResult<T>> {
  signal?.throwIfAborted();
  const [first, ...others] = sources;
  if (first === undefined) return { answers: [], failures: [] };
  const result = others.length > 0 ? await race(runtime, sources, signal) : await askOnly(first, signal);
  signal?.throwIfAborted();
  return result;
}

/** A single source, the usual case, needs no signal of its own: signals and their events are slow to load. */
async function askOnly<T>(ask: Ask<T>, signal: AbortSignal | undefined): Promise<RaceResult<T>> {
  try {
    return { answers: [await ask(signal)], failures: [] };
  } catch (error) {
    if (!isUpdateError(error)) throw error;
    return { answers: [], failures: [error] };
  }
}

async function race<T>(
  runtime: Pick<Runtime, "wait">,
  sources: readonly Ask<T>[],
  signal: AbortSignal | undefined,
): Promise<RaceResult<T>> {
  const late = new AbortController();
  const onAbort = (): void => late.abort(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  const answers: { index: number; value: T }[] = [];
  const failures: { index: number; error: Error }[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      let running = sources.length;
      const settled = (): void => void (--running === 0 && resolve());
      const answered = (index: number, value: T): void => {
        answers.push({ index, value });
        settled();
        if (answers.length === 1 && running > 0) {
          runtime.wait(SOURCE_GRACE, late.signal).then(resolve, resolve);
        }
      };
      sources.forEach((ask, index) =>
        ask(late.signal).then((value) => answered(index, value), (error) => {
          if (!isUpdateError(error)) return reject(error);
          failures.push({ index, error });
          settled();
        })
      );
    });
  } finally {
    signal?.removeEventListener("abort", onAbort);
    late.abort(new Error("Another source has answered"));
  }
  const inOrder = (a: { index: number }, b: { index: number }): number => a.index - b.index;
  return {
    answers: [...answers].sort(inOrder).map(({ value }) => value),
    failures: [...failures].sort(inOrder).map(({ error }) => error),
  };
}
