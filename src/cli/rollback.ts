/**
 * `cco rollback`: back to the previous version.
 *
 * @module
 */

import type { Backup } from "../../mod.ts";
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
 * @throws {Failure} Exit code 5 when there is nothing to go back to, 2 when the version of `--to` was not kept, 6 when a human is needed.
 */
export async function rollbackCommand(invocation: Invocation): Promise<number> {
  const { output, world: { runtime, build } } = invocation;
  await recoverFirst(invocation);
  const options = await installedOptions(invocation);
  const library = await import("../../mod.ts");
  const wanted = versionAskedFor(invocation);
  // Each backup is run for its version: only a wanted one can be older than others.
  const list = async (): Promise<Backup[] | undefined> =>
    wanted === undefined ? undefined : await library.listBackups(options).catch(() => undefined);
  try {
    const before = await list();
    const { to, executable } = await library.rollback({ ...options, to: wanted });
    await audit(invocation, { what: "rollback", from: build.version, to, result: "rolled-back" });
    await changeState(runtime, options.stateDirectory, { found: undefined });
    const dropped = droppedBetween(before, await list(), wanted);
    output.line(`✅ Rolled back to previous version ${to ?? "(unknown)"}`);
    if (dropped.length > 0) output.line(`ℹ️  Newer backups are gone: ${dropped.join(", ")}`);
    output.step();
    output.step("Restart CCO to use it.");
    output.document({ outcome: "rolled-back", from: build.version, to: to ?? null, executable, dropped });
    return 0;
  } catch (error) {
    await audit(invocation, { what: "rollback", from: build.version, to: wanted, error });
    throw library.isUpdateError(error) ? updateFailure(error, "rollback") : error;
  }
}

/** Backups have other names afterwards, and the one that was gone back to is the executable now. */
function droppedBetween(
  before: readonly Backup[] | undefined,
  after: readonly Backup[] | undefined,
  chosen: string | undefined,
): string[] {
  const newestFirst = before ?? [];
  const at = newestFirst.findIndex(({ version }) => version === chosen);
  const isThere = ({ version, modifiedAt }: Backup): boolean =>
    after === undefined || after.some((one) => one.version === version && one.modifiedAt === modifiedAt);
  return newestFirst.slice(0, Math.max(at, 0)).filter((backup) => !isThere(backup)).map(({ version, path }) =>
    version ?? path
  );
}

/** People write versions as tags are written, too. */
function versionAskedFor(invocation: Invocation): string | undefined {
  return invocation.flag("to")?.replace(/^v(?=\d)/, "");
}
