/**
 * When the next background check is due, kept on disk: a program that is started again and again does not check more
 * often for it.
 *
 * @module
 */

import type { Schedule } from "./background_schedule.ts";
import { readFile, writeDurably } from "./durable.ts";
import { STATE_BYTES } from "./limits.ts";
import { inFolder } from "./path.ts";
import type { Runtime } from "./runtime/types.ts";

/**
 * What is remembered. A damaged file counts as none: an early check does no harm (T35).
 *
 * @param runtime File system.
 * @param stateDirectory Where it is kept.
 * @returns The schedule, or `undefined` when there is none that can be read.
 */
export async function readSchedule(
  { fs }: Pick<Runtime, "fs">,
  stateDirectory: string,
): Promise<Schedule | undefined> {
  try {
    const bytes = await readFile(fs, pathIn(stateDirectory), STATE_BYTES);
    if (bytes === undefined) return undefined;
    const { next, failures, isWaiting, checkedAt }: Partial<Schedule> = JSON.parse(
      new TextDecoder().decode(bytes),
    );
    const isWhole = Number.isSafeInteger(next) && Number.isSafeInteger(failures) && failures! >= 0 &&
      typeof isWaiting === "boolean";
    if (!isWhole) return undefined;
    const kept = { next: next!, failures: failures!, isWaiting: isWaiting! };
    return Number.isSafeInteger(checkedAt) ? { ...kept, checkedAt } : kept;
  } catch {
    return undefined;
  }
}

/** By file system and folder. */
const unwritten = new WeakMap<Runtime["fs"], Map<string, Schedule>>();

/**
 * What this process remembers because it could not be written down: a program that begins anew with other options, as at
 * each request to read its settings again, must not check each time for it.
 *
 * @param runtime File system.
 * @param stateDirectory Where it was to be kept.
 * @returns The schedule, or `undefined` when it was written, or none was made.
 */
export function unwrittenSchedule(
  { fs }: Pick<Runtime, "fs">,
  stateDirectory: string,
): Schedule | undefined {
  return unwritten.get(fs)?.get(stateDirectory);
}

/**
 * Remembers when the next check is due.
 *
 * @param runtime File system and randomness.
 * @param stateDirectory Where it is kept; made when it is not there.
 * @param schedule What to remember.
 * @returns Whether it could be written down.
 */
export async function writeSchedule(
  runtime: Pick<Runtime, "fs" | "random" | "pid">,
  stateDirectory: string,
  schedule: Schedule,
): Promise<boolean> {
  try {
    await runtime.fs.makeDirectory(stateDirectory, 0o700);
    const text = JSON.stringify({ ...schedule, next: Math.round(schedule.next) }) + "\n";
    await writeDurably(runtime, pathIn(stateDirectory), new TextEncoder().encode(text), { mode: 0o600 });
    unwritten.get(runtime.fs)?.delete(stateDirectory);
    return true;
  } catch {
    const others = unwritten.get(runtime.fs) ?? new Map<string, Schedule>();
    unwritten.set(runtime.fs, others.set(stateDirectory, schedule));
    return false;
  }
}

function pathIn(stateDirectory: string): string {
  return inFolder(stateDirectory, "background.json");
}
