/**
 * The runtime of a compiled program, which is Deno's: `deno task compile` puts this module in the place of `default.ts`,
 * so that executables hold nothing that is for Node and Bun alone.
 *
 * @module
 */

import { denoRuntime } from "./deno.ts";
import type { Runtime } from "./types.ts";

/**
 * Returns Deno's runtime.
 *
 * @returns The runtime, a new value at each call; all share the one machine.
 */
export function systemRuntime(): Runtime {
  return denoRuntime();
}
