/**
 * One run of `deno compile`.
 *
 * @module
 */

import type { Platform } from "./platforms.ts";
import type { Snapshot } from "./snapshot.ts";
import type { Toolchain } from "./toolchain.ts";

/**
 * How the executables' V8 is set up, by measuring `cco update --check` and the update of an archive of 38 MB.
 *
 * - Room for young objects: what a download allocates dies at once, and with little room V8 notices sooner. With the
 *   2 MiB there from the start, a check, which fills no more, ends before anything is collected; with 1 MiB it takes 3 of
 *   55 ms of processor time more, and an update peaks at 82 MiB instead of 88. Collecting on one thread
 *   (`--single-threaded-gc`) gives a check nothing and takes 30 MiB of an update.
 * - A check runs nearly everything once, so that compiling is what it costs. Nothing in it runs often enough to earn back
 *   what the baseline compiler takes (1 ms), nor what tidying bytecode up takes (three flags, 1.5 ms); what does run often
 *   gets to the optimizing compilers all the same: an update takes no longer.
 * - Those compile where they are needed, not on another thread: when one ends there while the program runs, the two meet
 *   in a lock that measures the processor's clock first, for 3 ms. An update takes 4 % less processor time and 6 MiB less.
 * - Nobody sees a stack trace of the program, and an absent file, of which there are some at each start, makes none.
 */
export const V8_FLAGS = "--v8-flags=" + [
  "--min-semi-space-size=2",
  "--max-semi-space-size=2",
  "--no-sparkplug",
  "--no-ignition-reo",
  "--no-ignition-elide-noneffectful-bytecodes",
  "--no-ignition-filter-expression-positions",
  "--no-concurrent-recompilation",
  "--stack-trace-limit=0",
].join(",");

/**
 * The program may do everything. It reads and writes wherever its owner keeps it, connects wherever its owner says, and
 * runs executables at paths that nobody knows beforehand, so a list would keep little out; and Deno lets it read `/proc`,
 * where it sees whether another updater still runs, only when it may do everything.
 *
 * Types are checked by `deno task ok`. V8's code cache would be a file of a known name in a folder where everybody may
 * write, read back at each start as code (T22).
 */
const FLAGS = [
  "--allow-all",
  "--quiet",
  "--no-check",
  "--no-code-cache",
  V8_FLAGS,
];

/** The stage at which `deno compile` fails when it cannot obtain its runtime, in the words of 2.7 and 2.9. */
const RUNTIME_MISSING = /Setting up base binary/;

/** Deno could not obtain the runtime that the program is put into; the message says why. */
export class RuntimeMissing extends Error {}

/**
 * Compiles the sources for one platform.
 *
 * @param toolchain The Deno that compiles.
 * @param snapshot The program, which needs no packages any more.
 * @param platform The platform.
 * @param output The executable's path.
 * @throws {RuntimeMissing} When the runtime cannot be obtained.
 */
export async function denoCompile(
  toolchain: Toolchain,
  snapshot: Snapshot,
  platform: Platform,
  output: string,
): Promise<void> {
  const { deno, denort, timeout } = toolchain;
  const command = new Deno.Command(deno, {
    args: ["compile", ...FLAGS, "--target", platform.triple, "--output", output, snapshot.entry],
    cwd: snapshot.folder,
    env: { NO_COLOR: "1", ...denort === undefined ? {} : { DENORT_BIN: denort } },
    stdin: "null",
    ...timeout === undefined ? {} : { signal: AbortSignal.timeout(timeout) },
  });
  const { success, signal, stderr } = await command.output();
  if (success) return;
  const text = new TextDecoder().decode(stderr);
  if (signal !== null && timeout !== undefined) {
    throw new RuntimeMissing(`no answer within ${timeout / 1000} seconds`);
  }
  if (RUNTIME_MISSING.test(text)) throw new RuntimeMissing(reasonIn(text));
  throw new Error(`deno compile failed for ${platform.name}:\n${text}`);
}

/** The line after the failed stage in the chain of causes. */
function reasonIn(stderr: string): string {
  const lines = stderr.split("\n").map((line) => line.trim());
  const stage = lines.findIndex((line) => RUNTIME_MISSING.test(line));
  return lines[stage + 1]?.replace(/^1: /, "") || "deno compile does not say why";
}
