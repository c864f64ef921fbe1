/**
 * `cco rollback`: back to the previous version.
 *
 * @module
 */

import { changeState } from "../config/state.ts";
import { audit } from "./audit.ts";
import type { Invocation } from "./invocation.ts";
import { recoverFirst } from "./recover_first.ts";
import { updateFailure } from "./update_failure.ts";
import { installedOptions } from "./updater_options.ts";

/**
 * Goes back to the previous version, or to that of `--to`.
 *
 * @param invocation The run.
 * @returns The exit code.
 * @throws {Failure} Exit code 5 when there is nothing to go back to, 6 when a human is needed.
 */
export async function rollbackCommand(invocation: Invocation): Promise<number> {
  const { output, world: { runtime, build } } = invocation;
  await recoverFirst(invocation);
  const options = await installedOptions(invocation);
  const library = await import("../../mod.ts");
  try {
    const { to, executable } = await library.rollback({ ...options, to: versionAskedFor(invocation) });
    await audit(invocation, { what: "rollback", from: build.version, to, result: "rolled-back" });
    await changeState(runtime, options.stateDirectory, { found: undefined });
    output.line(`✅ Rolled back to previous version ${to ?? "(unknown)"}`);
    output.step();
    output.step("Restart CCO to use it.");
    output.document({ outcome: "rolled-back", from: build.version, to: to ?? null, executable });
    return 0;
  } catch (error) {
    await audit(invocation, { what: "rollback", from: build.version, to: versionAskedFor(invocation), error });
    throw library.isUpdateError(error) ? updateFailure(error, "rollback") : error;
  }
}

/** People write versions as tags are written, too. */
function versionAskedFor(invocation: Invocation): string | undefined {
  return invocation.flag("to")?.replace(/^v(?=\d)/, "");
}
