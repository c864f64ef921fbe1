/**
 * The mark by which a process is recognised later: its number and when it started. The number alone proves nothing, for
 * it may have been given to another process since (T34).
 *
 * @module
 */

import type { Runtime } from "./runtime/types.ts";

/** What a mark needs of a runtime. */
type MarkRuntime = Pick<Runtime, "pid" | "processStart">;

/** The start of a process of which the system tells only that it runs: on Windows without PowerShell. */
const UNTOLD = "running";

/**
 * The mark of this process.
 *
 * @param runtime Identity of this process.
 * @returns The content of a small file.
 */
export async function processMark(runtime: MarkRuntime): Promise<Uint8Array> {
  return new TextEncoder().encode(`${runtime.pid} ${await runtime.processStart(runtime.pid) ?? ""}\n`);
}

/**
 * Tells whether the process that made a mark is still there.
 *
 * @param runtime Processes.
 * @param mark The content of the file; anything that is no mark belongs to no process.
 * @returns Whether it lives.
 */
export async function isMarkAlive(
  runtime: Pick<MarkRuntime, "processStart">,
  mark: Uint8Array | undefined,
): Promise<boolean> {
  // The start may have spaces in it, as macOS writes it: only the first one ends the number.
  const [, pid, start] = /^(\d+) ([^]+)\n$/.exec(new TextDecoder().decode(mark)) ?? [];
  return pid !== undefined && isSameStart(await runtime.processStart(Number(pid)), start ?? "");
}

/**
 * Tells whether a process is the one that was written down.
 *
 * Where the system told one of the two only that the process runs, which adapters write as `running`, its number has to
 * do: to wait for a process in vain is mended by ending it, two updaters at once are not.
 *
 * @param now When the process with that number started; `undefined` when there is none.
 * @param recorded When the one that was written down had started.
 */
export function isSameStart(now: string | undefined, recorded: string): boolean {
  return now !== undefined && (now === recorded || now === UNTOLD || recorded === UNTOLD);
}
