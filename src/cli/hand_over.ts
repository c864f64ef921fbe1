/**
 * From the old version's service to the new one's: the old process stays responsible until the new one has proved itself.
 *
 * @module
 */

import { parseDuration } from "../config/duration.ts";
import { askHealth } from "../service/ask_health.ts";
import type { Log } from "../service/log.ts";
import { type RunningService, serviceNow, startService, stopService } from "./daemon_process.ts";
import type { Invocation } from "./invocation.ts";
import { installedOptions } from "./updater_options.ts";

/** Who takes over from whom. */
export interface HandOver {
  /** The new version. */
  readonly version: string;
  /** Whether the old service was ok: only then is less than that held against the new one. */
  readonly wasHealthy: boolean;
  /** Where it is written. */
  readonly log: Log;
  /** Asks this process to stop. */
  readonly signal: AbortSignal;
}

/** How often the new service is asked. */
const LOOK = 1000;
/** So many questions in a row may stay without an answer. */
const SILENCES = 3;

/**
 * Starts the new version's service and watches it for `service.probation`. One that does not start, dies, hangs or says
 * that it is not ok is ended, remembered as bad, and the previous executable is put back.
 *
 * @param invocation The run; the port must be free and no service be recorded.
 * @param to Who takes over.
 * @returns Whether the new service stays; `false` when this process is to serve again.
 */
export async function handOver(invocation: Invocation, to: HandOver): Promise<boolean> {
  const { log, version, signal } = to;
  log.info(`Handing over to version ${version}`);
  let why: string | undefined;
  try {
    const running = await startService(invocation);
    why = await watch(invocation, running, to);
    if (signal.aborted) await stopService(invocation, running.record);
  } catch (error) {
    why = messageOf(error);
  }
  if (why === undefined) {
    const { confirmHealthy } = await import("../../mod.ts");
    await confirmHealthy(await installedOptions(invocation)).catch((error) => log.warn(messageOf(error)));
    log.info(`Version ${version} has taken over`);
    return true;
  }
  log.error(`Version ${version} did not become healthy: ${why}`);
  await goBack(invocation, to);
  return false;
}

/** Why the new version is no good, `undefined` when it is. */
async function watch(
  invocation: Invocation,
  { record, health, started }: RunningService,
  { version, wasHealthy, signal }: HandOver,
): Promise<string | undefined> {
  const { runtime } = invocation.world;
  const end = runtime.now() + (parseDuration((await invocation.settings()).get("service.probation")) ?? 0);
  let silences = 0;
  for (let now = health as typeof health | undefined;; now = await askHealth(record)) {
    // A person has stopped it: that is no fault of the version.
    if (started.hasEnded() && started.exitCode() === 0) return undefined;
    if (started.hasEnded()) return `it ended with exit code ${started.exitCode() ?? "none"}`;
    if (now !== undefined && now.version !== version) return `it is version ${now.version}`;
    silences = now === undefined ? silences + 1 : 0;
    if (silences >= SILENCES) return "it does not answer";
    if (now?.status === "degraded" && wasHealthy) {
      return `it is degraded: ${now.reason ?? "it does not say why"}`;
    }
    if (signal.aborted || (silences === 0 && runtime.now() >= end)) return undefined;
    await runtime.wait(Math.min(LOOK, Math.max(1, end - runtime.now())), signal).catch(() => {});
  }
}

async function goBack(invocation: Invocation, { version, log }: HandOver): Promise<void> {
  const { rollback } = await import("../../mod.ts");
  try {
    const record = await serviceNow(invocation);
    if (record !== undefined) await stopService(invocation, record);
    await rollback({ ...await installedOptions(invocation), refuse: version });
    log.warn("Update failed, rolled back to previous version");
  } catch (error) {
    // This process still is the old version, and goes on serving.
    log.error(`Rollback failed: ${messageOf(error)}`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
