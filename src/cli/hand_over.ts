/**
 * From the old version's service to the new one's: the old process stays responsible until the new one has proved itself.
 *
 * @module
 */

import { parseDuration } from "../config/duration.ts";
import { askHealth } from "../service/ask_health.ts";
import type { Log } from "../service/log.ts";
import { lastRecord } from "../service/record.ts";
import type { Succession } from "../service/run_service.ts";
import { audit } from "./audit.ts";
import { processesOf, stateDirectoryOf } from "./daemon_place.ts";
import { type RunningService, startService, stopService } from "./daemon_process.ts";
import type { Invocation } from "./invocation.ts";
import { installedOptions } from "./updater_options.ts";

/** Who takes over from whom. */
export interface HandOver extends Succession {
  /** The new version. */
  readonly version: string;
  /** SHA-256 digest of its executable, as it was installed. */
  readonly sha256: string;
  /** Whether the old service was ok: only then is less than that held against the new one. */
  readonly wasHealthy: boolean;
  /** Where it is written. */
  readonly log: Log;
  /** Asks this process to stop. */
  readonly signal: AbortSignal;
}

/** What became of the new version's service. */
type Verdict =
  | { readonly is: "healthy" }
  | { readonly is: "stopped" }
  | { readonly is: "bad"; readonly why: string }
  /** It is not the version that was installed, which is not to blame. */
  | { readonly is: "other"; readonly why: string }
  | { readonly is: "stuck"; readonly why: string };

/** How often the new service is asked. */
const LOOK = 1000;
/** So many questions in a row may stay without an answer. */
const SILENCES = 3;

/**
 * Starts the new version's service and watches it for `service.probation`. One that does not start, dies, hangs or says
 * that it is not ok is ended, remembered as bad, and the previous executable is put back.
 *
 * @param invocation The run; this process has the record of the service.
 * @param to Who takes over.
 * @returns Whether this process is no longer needed; `false` when it is to serve again.
 */
export async function handOver(invocation: Invocation, to: HandOver): Promise<boolean> {
  const { log, version, signal } = to;
  log.info(`Handing over to version ${version}`);
  const verdict = await tryOut(invocation, to);
  // Whoever stops the service says nothing about the version, whose starts are counted from now on.
  if (signal.aborted || verdict.is === "stopped") return true;
  if (verdict.is === "healthy") {
    log.info(`Version ${version} has taken over`);
    return true;
  }
  log.error(`Version ${version} did not become healthy: ${verdict.why}`);
  await goBack(invocation, to, verdict);
  return false;
}

async function tryOut(invocation: Invocation, to: HandOver): Promise<Verdict> {
  const { signal, onJoined, onRefused } = to;
  try {
    const running = await startService(invocation, { isSuccessor: true });
    onJoined();
    const verdict = await watch(invocation, running, to);
    if (verdict.is === "healthy" && !signal.aborted) return verdict;
    onRefused();
    if (verdict.is === "stuck") await (await processesOf(invocation)).end(running.record.pid, "forcibly");
    if (!running.started.hasEnded()) await stopService(invocation, running.record);
    return verdict;
  } catch (error) {
    return { is: "bad", why: messageOf(error) };
  }
}

/** Asks the new version until its probation is over, or this process is to stop. */
async function watch(
  invocation: Invocation,
  { record, health, started }: RunningService,
  { version, wasHealthy, signal }: HandOver,
): Promise<Verdict> {
  const { runtime } = invocation.world;
  const end = runtime.now() + (parseDuration((await invocation.settings()).get("service.probation")) ?? 0);
  const ending = new AbortController();
  void started.ended.then(() => ending.abort());
  const interruption = AbortSignal.any([signal, ending.signal]);
  let silences = 0;
  for (let now = health as typeof health | undefined;; now = await askHealth(record)) {
    if (started.hasEnded()) return await farewell(invocation, started.exitCode());
    // It is this process that answers when the new one has left the port.
    const answer = now?.pid === record.pid ? now : undefined;
    if (answer !== undefined && answer.version !== version) {
      return { is: "other", why: `it is version ${answer.version}` };
    }
    silences = answer === undefined ? silences + 1 : 0;
    if (silences >= SILENCES) return { is: "stuck", why: "it does not answer" };
    if (answer?.status === "degraded" && wasHealthy) {
      return { is: "bad", why: `it is degraded: ${answer.reason ?? "it does not say why"}` };
    }
    if (signal.aborted || (silences === 0 && runtime.now() >= end)) return { is: "healthy" };
    await runtime.wait(Math.min(LOOK, Math.max(1, end - runtime.now())), interruption).catch(() => {});
  }
}

/** A service that a person has stopped takes its record along: that is no fault of the version. */
async function farewell(invocation: Invocation, exitCode: number | undefined): Promise<Verdict> {
  const { runtime } = invocation.world;
  const record = await lastRecord(runtime, await stateDirectoryOf(invocation));
  if (exitCode === 0 && record === undefined) return { is: "stopped" };
  return { is: "bad", why: `it ended with exit code ${exitCode ?? "none"}` };
}

/**
 * Takes back what this process has installed, and nothing else: what a person has put in its place during the probation is
 * what that person wants.
 */
async function goBack(
  invocation: Invocation,
  { version, sha256, log }: HandOver,
  { is }: Verdict,
): Promise<void> {
  const { rollback } = await import("../../mod.ts");
  const { version: own } = invocation.world.build;
  const facts = { what: "automatic-rollback", from: version } as const;
  try {
    const { outcome, to } = await rollback({
      ...await installedOptions(invocation),
      to: own,
      installed: sha256,
      refuse: is === "other" ? undefined : version,
    });
    await audit(invocation, { ...facts, to, result: outcome });
    if (outcome === "rolled-back") log.warn("Update failed, rolled back to previous version");
    else log.warn(`Update failed, nothing rolled back: ${to ?? "another file"} has been installed since`);
  } catch (error) {
    // This process still is the old version, and goes on serving.
    log.error(`Rollback failed: ${messageOf(error)}`);
    await audit(invocation, { ...facts, to: own, error });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
