/**
 * Trying again: what is worth it, how long to pause before, and when to stop.
 *
 * @module
 */

import { isUpdateError } from "./errors.ts";
import { BACKOFF, BACKOFF_LIMIT, PATIENCE, RETRIES } from "./limits.ts";
import { explainFailure } from "./network_failure.ts";
import type { Runtime } from "./runtime/types.ts";

/** The parts of a runtime that pausing needs. */
export type RetryRuntime = Pick<Runtime, "now" | "wait" | "random">;

/** How often to try, and how to stop. */
export interface RetryOptions {
  /** How often to try again after the first failure. */
  readonly retries?: number | undefined;
  /** Ends the pauses too. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Does something until it succeeds, fails for good, or has been retried often enough.
 *
 * @param runtime Clock and chance.
 * @param options How often, and the signal.
 * @param action What to do; gets the number of the attempt, from 1.
 * @returns What the action returns.
 */
export async function retrying<T>(
  runtime: RetryRuntime,
  { retries = RETRIES, signal }: RetryOptions,
  action: (attempt: number) => Promise<T>,
): Promise<T> {
  for (let attempt = 1;; attempt++) {
    signal?.throwIfAborted();
    try {
      return await action(attempt);
    } catch (error) {
      const pause = attempt > retries ? undefined : pauseAfter(runtime, error, attempt);
      if (pause === undefined) throw error;
      await runtime.wait(pause, signal);
    }
  }
}

/**
 * How long to pause before trying again.
 *
 * @param runtime Clock and chance.
 * @param error What the attempt failed with.
 * @param failures How many attempts have failed in a row.
 * @returns Milliseconds, or `undefined` when trying again is of no use or the server's pause is too long to wait out.
 */
export function pauseAfter(runtime: RetryRuntime, error: unknown, failures: number): number | undefined {
  if (!isTransient(error)) return undefined;
  if (!isUpdateError(error) || error.code !== "RATE_LIMITED") return backoff(runtime, failures);
  const pause = Math.max(0, error.details.until - runtime.now());
  return pause > PATIENCE ? undefined : pause;
}

/**
 * Exponential back-off with full jitter: thousands of clients that lost the same server do not return together.
 *
 * @param runtime Chance.
 * @param failures How many attempts have failed in a row, from 1.
 * @returns Milliseconds.
 */
export function backoff({ random }: Pick<Runtime, "random">, failures: number): number {
  const [high = 0, low = 0] = random(2);
  const longest = Math.min(BACKOFF * 2 ** (failures - 1), BACKOFF_LIMIT);
  return Math.floor(longest * ((high * 256 + low) / 65536));
}

/** Whether the same request can succeed later. */
export function isTransient(error: unknown): boolean {
  if (!isUpdateError(error)) return false;
  switch (error.code) {
    case "TIMEOUT":
    case "RATE_LIMITED":
      return true;
    case "NETWORK":
      return explainFailure(error.cause).transient;
    case "HTTP_STATUS":
      return [408, 425, 500, 502, 503, 504].includes(error.details.status);
    default:
      return false;
  }
}
