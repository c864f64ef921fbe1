/** Tests that need something which not every machine has. */

import type { Means } from "./contract.ts";

/**
 * Registers tests, or prints why they cannot be had here: nothing passes that was not tested.
 *
 * @param what What the tests are about.
 * @param means What they need, or why it is missing.
 * @param register Registers them.
 */
export function withMeans<T>(what: string, means: Means<T>, register: (means: T) => void): void {
  if ("missing" in means) return console.info(`Not tested, ${what}: ${means.missing}`);
  register(means.has);
}
