/**
 * The audit trail for people: a line for each attempt.
 *
 * @module
 */

import type { UpdateAttempt } from "../../mod.ts";
import type { Invocation } from "./invocation.ts";

/**
 * The attempts that were made here.
 *
 * @param invocation The run.
 * @returns They, oldest first; none where there is no trail.
 */
export async function attemptsOf(invocation: Invocation): Promise<UpdateAttempt[]> {
  const { stateDirectory } = await invocation.paths();
  if (stateDirectory === undefined) return [];
  const { readAttempts } = await import("../../mod.ts");
  return await readAttempts({ runtime: invocation.world.runtime, stateDirectory });
}

/**
 * An attempt as a line: `2025-11-17T14:32:15Z update 2025.11.1 -> 2025.11.2: updated (cli, ann, key 0123456789ABCDEF)`.
 *
 * @param attempt The attempt.
 * @returns The line.
 */
export function attemptLine(
  { time, what, from, to, result, error, how, user, keyIds }: UpdateAttempt,
): string {
  const stamp = new Date(time).toISOString().replace(/\.\d+Z$/, "Z");
  const outcome = error === undefined ? result : `${result} ${error}`;
  const keys = keyIds === undefined ? [] : [`key ${keyIds.join(" ")}`];
  const who = [how, ...(user === undefined ? [] : [user]), ...keys].join(", ");
  return `${stamp} ${what} ${from ?? "?"} -> ${to ?? "?"}: ${outcome} (${who})`;
}
