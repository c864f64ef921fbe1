/**
 * The strategy for the operating system a runtime reports: the only place that chooses.
 *
 * @module
 */

import { posixStrategy } from "./posix.ts";
import type { ReplaceRuntime, ReplaceStrategy } from "./strategy.ts";
import { windowsStrategy } from "./windows.ts";

/**
 * Chooses the strategy.
 *
 * @param runtime The runtime whose operating system counts.
 * @returns The strategy for it.
 */
export function strategyFor(runtime: ReplaceRuntime): ReplaceStrategy {
  return runtime.os === "windows" ? windowsStrategy(runtime) : posixStrategy(runtime);
}
