/**
 * Chooses the runtime: the only place that does.
 *
 * @module
 */

import { denoRuntime } from "./deno.ts";
import { nodeRuntime } from "./node.ts";
import type { Runtime } from "./types.ts";

/**
 * Returns the runtime of the program that runs this: Deno's, or that of Node and Bun.
 *
 * Synchronous, and without a top-level `await`, so that programs which `require()` the library work. Neither adapter
 * loads any built-in module before it is used.
 *
 * @returns The runtime, a new value at each call; all share the one machine.
 */
export function systemRuntime(): Runtime {
  return "Deno" in globalThis ? denoRuntime() : nodeRuntime();
}
