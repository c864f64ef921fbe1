import { isUpdateError } from "../errors.ts";
import type { Installation } from "../installation.ts";
import { type ProbeOptions, probeVersion } from "../probe.ts";
import type { Runtime } from "../runtime/types.ts";
import { makeRunnable } from "./make_runnable.ts";

/**
 * The newest backup that runs: one that is damaged must not take the place of a program, however bad that one is.
 *
 * @param runtime File system and processes.
 * @param installation Whose backups; claimed by this process.
 * @param backups Their paths, newest first.
 * @param options How they are asked for their versions; what they answer does not matter.
 * @returns Its path, or `undefined` when none runs.
 */
export async function firstThatRuns(
  runtime: Pick<Runtime, "fs" | "os" | "run" | "random">,
  installation: Installation,
  backups: readonly string[],
  options: ProbeOptions | undefined,
): Promise<string | undefined> {
  for (const path of backups) {
    await makeRunnable(runtime, installation, path);
    try {
      await probeVersion(runtime, installation, path, options);
      return path;
    } catch (error) {
      if (!isUpdateError(error) || error.code !== "PROBE_FAILED") throw error;
    }
  }
  return undefined;
}
