/**
 * `cco daemon restart`: the installed executable takes over, and the previous one again if it does not become healthy.
 *
 * @module
 */

import { parseDuration } from "../config/duration.ts";
import { addressOf, askHealth } from "../service/ask_health.ts";
import { executableDigest } from "../service/executable_digest.ts";
import type { HealthDocument } from "../service/health.ts";
import type { ServiceRecord } from "../service/record.ts";
import { audit } from "./audit.ts";
import { serviceNow } from "./daemon_process.ts";
import { EXIT, Failure } from "./failure.ts";
import { Invocation } from "./invocation.ts";
import { requireManaged, startManaged, stopManaged } from "./service_control.ts";
import { installedOptions } from "./updater_options.ts";
import { updateFailure } from "./update_failure.ts";

/** How often a new version that is degraded is asked whether it still is. */
const LOOK = 1000;

/** Failed checks that say something about the network, the server or the publisher, and nothing about who checks. */
const OF_OTHERS: readonly string[] = [
  "the manifest has expired",
  ...["NETWORK", "TIMEOUT", "HTTP_STATUS", "RATE_LIMITED"].map((code) =>
    `updates cannot be checked: ${code}`
  ),
];

/**
 * Restarts the service. After an update, a new version that does not become healthy is remembered as bad and the previous
 * one is put back and started. What would keep any version from starting is found out before the running one is stopped.
 *
 * @param invocation The run.
 * @returns The exit code: 5 when the previous version had to be put back.
 * @throws {Failure} Exit code 1 when nothing starts, 2 for flags, 6 when the previous version cannot be put back.
 * @throws {ConfigError} When the settings cannot be used.
 */
export async function daemonRestart(invocation: Invocation): Promise<number> {
  const { world: { build, runtime } } = invocation;
  const before = await serviceNow(invocation);
  const again = withFlagsOf(invocation, before);
  await requireManaged(again, before);
  const wasDegraded = before !== undefined && (await askHealth(before))?.status !== "ok";
  const isUpdated = wasUpdated(before, build.version);
  const installed = isUpdated ? await executableDigest(runtime, runtime.execPath) : undefined;
  if (before !== undefined) await stopManaged(invocation, before);
  try {
    const { record, health } = await startManaged(again);
    if (isUpdated && !wasDegraded) await requireHealthy(again, record, health);
    return say(invocation, "restarted", record);
  } catch (error) {
    if (!(error instanceof Failure) || !isUpdated) throw error;
    // No version could start here: that is no reason to go back.
    if (error.code === "NOT_STARTED") await requireManaged(again);
    return await takeBack(again, error, installed);
  }
}

/** What the service was told when it was started holds on, unless it is told something else now. */
function withFlagsOf(invocation: Invocation, before: ServiceRecord | undefined): Invocation {
  const { world, output, parsed } = invocation;
  const flags = new Map(parsed.flags);
  for (const name of before?.flags ?? []) {
    if (!flags.has(name)) flags.set(name, `${before![name]}`);
  }
  return new Invocation(world, output, { ...parsed, flags });
}

/** Waits for it as long as a new version is on probation. */
async function requireHealthy(
  invocation: Invocation,
  record: ServiceRecord,
  first: HealthDocument,
): Promise<void> {
  const { runtime, terminal: { signal } } = invocation.world;
  const probation = parseDuration((await invocation.settings()).get("service.probation")) ?? 0;
  const end = runtime.now() + probation;
  for (let health: HealthDocument | undefined = first;; health = await askHealth(record)) {
    if (health?.status === "ok" || OF_OTHERS.includes(health?.reason ?? "")) return;
    if (runtime.now() >= end) {
      const what = health === undefined
        ? "it does not answer"
        : `it says: ${health.status}: ${health.reason}`;
      await stopManaged(invocation, record);
      throw new Failure(what, { exitCode: EXIT.update, code: "UNHEALTHY" });
    }
    await runtime.wait(Math.min(LOOK, Math.max(1, end - runtime.now())), signal);
  }
}

async function takeBack(
  invocation: Invocation,
  cause: Failure,
  installed: string | undefined,
): Promise<number> {
  const { output, world: { build } } = invocation;
  output.line(`⚠️  Version ${build.version} did not become healthy, going back...`);
  output.detail(cause.message);
  const isBack = await goBack(invocation, cause, installed);
  const { record } = await startManaged(invocation);
  if (isBack) output.line(`Update failed, rolled back to previous version`);
  return say(invocation, isBack ? "rolled-back" : "restarted", record);
}

/** Whether the service that ran was another version: only then is there reason to blame the new one. */
function wasUpdated(before: ServiceRecord | undefined, version: string): boolean {
  return before !== undefined && before.version !== version;
}

/** Takes back the file that was there when the restart began, and no other one; returns whether it was still there. */
async function goBack(
  invocation: Invocation,
  cause: Failure,
  installed: string | undefined,
): Promise<boolean> {
  const { rollback, isUpdateError } = await import("../../mod.ts");
  const { version } = invocation.world.build;
  const facts = { what: "automatic-rollback", from: version } as const;
  try {
    const options = { ...await installedOptions(invocation), refuse: version, installed };
    const { outcome, to } = await rollback(options);
    await audit(invocation, { ...facts, to, result: outcome });
    if (outcome === "rolled-back") return true;
    invocation.output.note(`⚠️  Nothing rolled back: ${to ?? "another file"} has been installed since`);
    return false;
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
