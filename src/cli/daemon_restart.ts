/**
 * `cco daemon restart`: the installed executable takes over, and the previous one again if it does not become healthy.
 *
 * @module
 */

import { addressOf, askHealth } from "../service/ask_health.ts";
import type { ServiceRecord } from "../service/record.ts";
import { audit } from "./audit.ts";
import { serviceNow } from "./daemon_process.ts";
import { EXIT, Failure } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { startManaged, stopManaged } from "./service_control.ts";
import { installedOptions } from "./updater_options.ts";
import { updateFailure } from "./update_failure.ts";

/**
 * Restarts the service. After an update, a new version that does not become healthy is remembered as bad and the previous
 * one is put back and started.
 *
 * @param invocation The run.
 * @returns The exit code: 5 when the previous version had to be put back.
 * @throws {Failure} Exit code 1 when nothing starts, 6 when the previous version cannot be put back.
 */
export async function daemonRestart(invocation: Invocation): Promise<number> {
  const { output, world: { build } } = invocation;
  const before = await serviceNow(invocation);
  const wasDegraded = before !== undefined && (await askHealth(before))?.status !== "ok";
  if (before !== undefined) await stopManaged(invocation, before);
  try {
    const { record, health } = await startManaged(invocation);
    const isWorse = health.status !== "ok" && !wasDegraded;
    if (!isWorse || !wasUpdated(before, build.version)) return say(invocation, "restarted", record);
    await stopManaged(invocation, record);
    throw new Failure(`it says: ${health.status}: ${health.reason ?? ""}`, {
      exitCode: EXIT.update,
      code: "UNHEALTHY",
    });
  } catch (error) {
    if (!(error instanceof Failure) || !wasUpdated(before, build.version)) throw error;
    output.line(`⚠️  Version ${build.version} did not become healthy, going back...`);
    output.detail(error.message);
    const { record } = await goBack(invocation, error);
    output.line(`Update failed, rolled back to previous version`);
    return say(invocation, "rolled-back", record);
  }
}

/** Whether the service that ran was another version: only then is there reason to blame the new one. */
function wasUpdated(before: ServiceRecord | undefined, version: string): boolean {
  return before !== undefined && before.version !== version;
}

async function goBack(invocation: Invocation, cause: Failure): Promise<{ record: ServiceRecord }> {
  const { rollback, isUpdateError } = await import("../../mod.ts");
  const { version } = invocation.world.build;
  const facts = { what: "automatic-rollback", from: version } as const;
  try {
    const { to } = await rollback({ ...await installedOptions(invocation), refuse: version });
    await audit(invocation, { ...facts, to, result: "rolled-back" });
  } catch (error) {
    await audit(invocation, { ...facts, error });
    const failure = isUpdateError(error) ? updateFailure(error, "rollback") : undefined;
    const why = failure?.message ?? (error instanceof Error ? error.message : String(error));
    throw new Failure(`Rollback failed: ${why}. The daemon is not running: ${cause.message}`, {
      exitCode: EXIT.rollback,
      code: failure?.code ?? "UNEXPECTED",
      details: failure?.details,
      cause: error,
    });
  }
  return await startManaged(invocation);
}

function say({ output }: Invocation, outcome: "restarted" | "rolled-back", record: ServiceRecord): number {
  const { pid, version } = record;
  const address = addressOf(record);
  output.line(`✅ Daemon restarted (PID: ${pid})`);
  output.step(`Version: ${version}`);
  output.step(`Address: ${address}`);
  output.document({ outcome, pid, version, address });
  return outcome === "restarted" ? EXIT.ok : EXIT.update;
}
