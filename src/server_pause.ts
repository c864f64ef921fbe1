/**
 * The pause a server asks for, in any of the ways servers ask (RFC 9110 section 10.2.3; GitHub's rate-limit headers).
 *
 * @module
 */

import { PAUSE_LIMIT, REFUSAL_PATIENCE, UNNAMED_PAUSE } from "./limits.ts";
import type { Runtime } from "./runtime/types.ts";

/**
 * Until when a server wants to be left alone.
 *
 * Times are taken relative to the answer's own `Date`, so that a wrong clock on either side does not matter.
 *
 * @param status The answer's status.
 * @param headers The answer's headers.
 * @param now Milliseconds since the epoch.
 * @returns Milliseconds since the epoch, at most {@link PAUSE_LIMIT} ahead, or `undefined` when no pause is asked for.
 */
export function pauseUntil(status: number, headers: Headers, now: number): number | undefined {
  if (status !== 403 && status !== 429 && status !== 503) return undefined;
  const pause = retryAfter(headers, now) ?? rateLimitReset(headers, now) ??
    (status === 429 ? UNNAMED_PAUSE : undefined);
  return pause === undefined ? undefined : now + Math.min(Math.max(pause, 0), PAUSE_LIMIT);
}

/** What is read of an answer. */
export interface Refusal {
  readonly status: number;
  /** The next bytes of its body. */
  read(): Promise<Uint8Array | undefined>;
}

/**
 * Until when to pause, by the body of a 403: GitHub's secondary limit can come without any header.
 *
 * The status is known already and stands whatever becomes of the body: one that breaks, or does not come soon, says
 * nothing.
 *
 * @param runtime The clock.
 * @param response The answer; its body is still to be cancelled.
 * @param signal The caller's.
 * @returns Milliseconds since the epoch, or `undefined` where no pause is asked for.
 * @throws The signal's reason when aborted.
 */
export async function secondaryLimit(
  runtime: Pick<Runtime, "now" | "wait">,
  response: Refusal,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  if (response.status !== 403) return undefined;
  const bytes = await firstBytes(runtime, response);
  signal?.throwIfAborted();
  const limited = /secondary rate limit/i.test(new TextDecoder().decode(bytes?.subarray(0, 4096)));
  return limited ? runtime.now() + UNNAMED_PAUSE : undefined;
}

/** `Retry-After`: seconds, or a date. */
function retryAfter(headers: Headers, now: number): number | undefined {
  const value = headers.get("retry-after")?.trim();
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : date - serverTime(headers, now);
}

/** GitHub's primary limit: nothing remains until `x-ratelimit-reset`, in seconds since the epoch. */
function rateLimitReset(headers: Headers, now: number): number | undefined {
  const reset = headers.get("x-ratelimit-reset")?.trim() ?? "";
  if (headers.get("x-ratelimit-remaining")?.trim() !== "0" || !/^\d{1,12}$/.test(reset)) return undefined;
  return Number(reset) * 1000 - serverTime(headers, now);
}

function serverTime(headers: Headers, now: number): number {
  const date = Date.parse(headers.get("date") ?? "");
  return Number.isNaN(date) ? now : date;
}

async function firstBytes(
  { wait }: Pick<Runtime, "wait">,
  response: Refusal,
): Promise<Uint8Array | undefined> {
  const timer = new AbortController();
  const nothing = (): undefined => undefined;
  const reading = response.read().catch(nothing);
  const bytes = await Promise.race([reading, wait(REFUSAL_PATIENCE, timer.signal).then(nothing, nothing)]);
  timer.abort("read");
  return bytes;
}
