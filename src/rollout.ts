/**
 * Fair staged rollouts from a static file: who is offered a version, reproducibly.
 *
 * @module
 */

import type { Rollout } from "./manifest.ts";

/** How many buckets there are. */
const BUCKETS = 2 ** 32;

/**
 * The percentage of installations that are offered a version now: it grows evenly from `percent` at `start` to 100 at
 * the end of `duration`; without a duration it stays.
 *
 * @param rollout What the manifest says.
 * @param now Milliseconds since the epoch.
 * @returns 0 to 100.
 */
export function currentShare({ percent, start, duration, paused }: Rollout, now: number): number {
  if (paused || (start !== undefined && now < start)) return 0;
  if (start === undefined || duration === undefined || duration === 0) return percent;
  return percent + (100 - percent) * Math.min(1, (now - start) / duration);
}

/**
 * Where an installation stands between 0 and 100: the same for one version always, another for each version, so that
 * it is not always the same users who are first.
 *
 * @param installationId What tells the installation from others; without it, it comes last.
 * @param version The version that is rolled out.
 * @returns 0 to just below 100; the version is offered where this is below the current share.
 */
export async function bucketOf(installationId: string | undefined, version: string): Promise<number> {
  if (installationId === undefined) return (BUCKETS - 1) / BUCKETS * 100;
  const bytes = new TextEncoder().encode(JSON.stringify([installationId, version]));
  const view = new DataView(await crypto.subtle.digest("SHA-256", bytes));
  return view.getUint32(0) / BUCKETS * 100;
}
