/**
 * The first starts of a new version are watched: one that never ends well is taken back.
 *
 * @module
 */

import type { Invocation } from "./invocation.ts";

/** Says how the command ended. */
export type EndStart = (exitCode: number) => Promise<void>;

/** Commands that say nothing about health: the shell asks one at every key, the service has a probation of its own. */
const UNWATCHED: readonly string[] = ["complete", "completions", "run", "daemon"];

/**
 * Counts this start while the version is on probation. Without a version on probation it costs one look at a file.
 *
 * @param invocation The run that begins.
 * @returns What to call at its end, or `undefined` when nothing is on probation.
 */
export async function beginStart(invocation: Invocation): Promise<EndStart | undefined> {
  const { output, parsed, world: { build, runtime } } = invocation;
  if (parsed.path.some(({ name }) => UNWATCHED.includes(name))) return undefined;
  const { stateDirectory } = await invocation.paths();
  if (stateDirectory === undefined) return undefined;
  const separator = runtime.os === "windows" ? "\\" : "/";
  const isWatched = await runtime.fs.stat(`${stateDirectory}${separator}probation.json`).catch(() =>
    undefined
  );
  if (isWatched === undefined) return undefined;

  const [{ confirmHealthy, recover }, { installedOptions }, { EXIT }] = await Promise.all([
    import("../../mod.ts"),
    import("./updater_options.ts"),
    import("./failure.ts"),
  ]);
  const options = { ...await installedOptions(invocation), currentVersion: build.version };
  try {
    const { outcome, from, to } = await recover({ ...options, isStart: true });
    if (outcome === "rolled-back") {
      output.note(`⚠️  Version ${to} failed three times in a row, rolled back to ${from}`);
      return undefined;
    }
  } catch (error) {
    // The command that was asked for matters more; `cco doctor` tells what is wrong.
    output.detail(error instanceof Error ? error.message : String(error));
    return undefined;
  }
  return async (exitCode) => {
    // Every other exit code is an orderly answer of a program that works.
    if (exitCode !== EXIT.general) await confirmHealthy(options).catch(() => {});
  };
}
