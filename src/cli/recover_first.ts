/**
 * What a crash left is ended before anything new begins.
 *
 * @module
 */

import { removeTemporaries } from "../../machine.ts";
import { audit } from "./audit.ts";
import { EXIT, Failure } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { updateFailure } from "./update_failure.ts";
import { installedOptions } from "./updater_options.ts";

/** What was done, for people; where nothing was, nothing is said. */
const WORDS: Readonly<Record<string, string>> = {
  dropped: "nothing had been changed yet, and its remains are removed",
  committed: "the new version works and stays",
  kept: "the installed version works and stays",
  "rolled-back": "the new version does not work, and the previous one is back",
  restored: "the previous version is back",
};

/**
 * Ends an interrupted update, if there is one; costs a look at the folder otherwise.
 *
 * @param invocation The run.
 * @throws {Failure} Exit code 6 when a human is needed.
 */
export async function recoverFirst(invocation: Invocation): Promise<void> {
  const { output, world: { runtime } } = invocation;
  const { stateDirectory } = await invocation.paths();
  // What a process left that was killed while it wrote there. Tidying up is no reason to fail.
  if (stateDirectory !== undefined) await removeTemporaries(runtime, stateDirectory).catch(() => {});
  const library = await import("../../mod.ts");
  try {
    const { outcome, from, to } = await library.recover(await installedOptions(invocation));
    const words = WORDS[outcome];
    if (words === undefined) return;
    output.note(`ℹ️  An interrupted update was found: ${words}`);
    await audit(invocation, { what: "recover", from, to, result: outcome });
  } catch (error) {
    if (library.isUpdateError(error)) {
      await audit(invocation, { what: "recover", error });
      throw updateFailure(error, "install");
    }
    // `deno run cli.ts`: there is no program of its own to update.
    if (error instanceof TypeError) {
      throw new Failure(error.message, { exitCode: EXIT.general, code: "NOT_COMPILED", cause: error });
    }
    // A folder that cannot be read or written is the next step's to report, in its own words.
    if (!library.isFileError(error)) throw error;
    output.detail(error.message);
  }
}
