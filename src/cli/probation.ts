/**
 * The first starts of a new version are watched: one that never ends well is taken back.
 *
 * @module
 */

import type { Invocation } from "./invocation.ts";

/** Says how the command ended, and of which failure, where it failed. */
export type EndStart = (exitCode: number, failure?: string) => Promise<void>;

/** Commands that say nothing about health: the shell asks one at every key, the service counts its own starts. */
const UNWATCHED: readonly string[] = ["complete", "completions", "run", "daemon"];

/**
 * Counts this start while the version is on probation. Without a version on probation it costs one look at a file.
 *
 * @param invocation The run that begins.
 * @returns What to call at its end, or `undefined` when nothing is on probation.
 */
export async function beginStart(invocation: Invocation): Promise<EndStart | undefined> {
  const names = invocation.parsed.path.map(({ name }) => name);
  if (names.includes("run")) {
    // The service's own start is counted by `beginService`.
    const { endService } = await import("./watched_start.ts");
    return endService(invocation);
  }
  if (names.some((name) => UNWATCHED.includes(name)) || !await isOnProbation(invocation)) return undefined;
  const { watchStart } = await import("./watched_start.ts");
  return await watchStart(invocation);
}

/**
 * Tells whether the installed version is on probation, by one look at a file.
 *
 * @param invocation The run.
 * @returns Whether it is.
 */
export async function isOnProbation(invocation: Invocation): Promise<boolean> {
  const { runtime: { fs, os } } = invocation.world;
  const { stateDirectory } = await invocation.paths();
  if (stateDirectory === undefined) return false;
  const path = `${stateDirectory}${os === "windows" ? "\\" : "/"}probation.json`;
  return await fs.stat(path).catch(() => undefined) !== undefined;
}
