/**
 * Starting and stopping the service in the background.
 *
 * @module
 */

import type { Runtime } from "../../machine.ts";
import { askHealth } from "../service/ask_health.ts";
import type { HealthDocument } from "../service/health.ts";
import { lastLines, type LogPosition } from "../service/read_log.ts";
import { isAlive, type ProcessName, runningService, type ServiceRecord } from "../service/record.ts";
import { logFolder, processesOf, stateDirectoryOf } from "./daemon_place.ts";
import { EXIT, Failure } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import type { Started } from "./processes.ts";

/** A service that runs and answers. */
export interface RunningService {
  /** What is known about it. */
  readonly record: ServiceRecord;
  /** What it says. */
  readonly health: HealthDocument;
  /** Its process. */
  readonly started: Started;
}

/** The variable that tells a service from which process it takes over. */
export const PREDECESSOR = "CCO_TAKES_OVER_FROM";

/** How long a service may take until it answers. An emulated machine needed 4 s. */
const START_PATIENCE = 20_000;
/** How long one may take to stop before it is ended. A replacement that has begun takes a probe's time. */
const STOP_PATIENCE = 15_000;
/** How long the system may take to end a process. */
const END_PATIENCE = 5000;
/** How often to look. */
const LOOK = 50;

/**
 * The service that runs.
 *
 * @param invocation The run.
 * @returns What is known about it, `undefined` when none runs.
 */
export async function serviceNow(invocation: Invocation): Promise<ServiceRecord | undefined> {
  return await runningService(invocation.world.runtime, await stateDirectoryOf(invocation));
}

/**
 * The service that somebody else has started in the meantime.
 *
 * @param invocation The run.
 * @returns It, once it answers; `undefined` when there is none, or it does not answer in time.
 */
export async function serviceOfAnother(invocation: Invocation): Promise<ServiceRecord | undefined> {
  let found: ServiceRecord | undefined;
  await waitFor(invocation, START_PATIENCE, async () => {
    const record = await serviceNow(invocation);
    if (record !== undefined && await askHealth(record) !== undefined) found = record;
    return record === undefined || found !== undefined;
  });
  return found;
}

/**
 * Starts the installed executable as a service and waits until it answers.
 *
 * @param invocation The run; `--port`, `--host`, `--debug` and `--config` are passed on.
 * @param options `isSuccessor`: whether it takes over from this process. `mayRetry`: whether it is started once more when
 * it has put the previous version back.
 * @returns The service.
 * @throws {Failure} Exit code 1 when it ends or does not answer in time; it is ended then.
 */
export async function startService(
  invocation: Invocation,
  { isSuccessor = false, mayRetry = !isSuccessor }: { isSuccessor?: boolean; mayRetry?: boolean } = {},
): Promise<RunningService> {
  const { world: { runtime } } = invocation;
  requireCompiled(runtime.execPath);
  const processes = await processesOf(invocation);
  const folder = logFolder(await stateDirectoryOf(invocation));
  const { position } = await lastLines(runtime, folder, { count: 0 });
  // Not passed on any further: who is started by the successor takes over from that one, or from nobody.
  const env = { [PREDECESSOR]: isSuccessor ? `${runtime.pid}` : "" };
  const started = await processes.start(runtime.execPath, await argumentsOf(invocation), env);
  try {
    return await answering(invocation, started, isSuccessor);
  } catch (error) {
    if (!started.hasEnded()) await processes.end(started.pid, "forcibly");
    // Until then it has its port.
    await waitFor(invocation, END_PATIENCE, () => Promise.resolve(started.hasEnded()));
    // It has put the previous version back in its place: that one is started now.
    if (mayRetry && started.exitCode() === EXIT.update) {
      return await startService(invocation, { mayRetry: false });
    }
    throw await withReason(invocation, error, { folder, position });
  }
}

/**
 * Stops a service: asks it, and ends it when it does not stop in time.
 *
 * @param invocation The run.
 * @param record The service.
 * @returns Whether it had to be ended.
 * @throws {Failure} Exit code 1 when even that does not help.
 */
export async function stopService(
  invocation: Invocation,
  record: ServiceRecord,
): Promise<{ wasForced: boolean }> {
  const processes = await processesOf(invocation);
  // Looked at last thing before: the number may have been given to another process (T34).
  if (await hasStopped(invocation, record)) return { wasForced: false };
  const { runtime } = invocation.world;
  // The old version's process, while it still watches over this one, would take the end for a failure.
  const guardian = await guardianOf(runtime, record);
  if (guardian !== undefined) await processes.end(guardian.pid, "gracefully");
  await processes.end(record.pid, "gracefully");
  if (await waitFor(invocation, STOP_PATIENCE, () => hasStopped(invocation, record))) {
    return { wasForced: false };
  }
  if (guardian !== undefined && await isAlive(runtime, guardian)) {
    await processes.end(guardian.pid, "forcibly");
  }
  if (await isAlive(runtime, record)) await processes.end(record.pid, "forcibly");
  if (await waitFor(invocation, END_PATIENCE, () => hasStopped(invocation, record))) {
    return { wasForced: true };
  }
  throw new Failure(`Cannot stop the daemon: process ${record.pid} does not end`, {
    exitCode: EXIT.general,
    code: "NOT_STOPPED",
    details: { pid: record.pid },
  });
}

/**
 * Refuses to make a service of `deno run cli.ts`.
 *
 * @param execPath The running executable.
 * @throws {Failure} Exit code 1 when that is Deno itself.
 */
export function requireCompiled(execPath: string): void {
  if (!/(?:^|[\\/])deno(?:\.exe)?$/i.test(execPath)) return;
  const message = "Cannot start the daemon: this cco runs from source. Use 'cco run', or compile it first: " +
    "deno task compile";
  throw new Failure(message, { exitCode: EXIT.general, code: "NOT_COMPILED" });
}

/**
 * The command line of the service.
 *
 * @param invocation The run; `--port`, `--host`, `--debug` and `--config` are passed on.
 * @returns Its arguments.
 */
export async function argumentsOf(invocation: Invocation): Promise<string[]> {
  const args = ["run", "--quiet"];
  if (invocation.has("debug")) args.push("--debug");
  for (const name of ["port", "host"]) {
    const value = invocation.flag(name);
    if (value !== undefined) args.push(`--${name}=${value}`);
  }
  // The service has another working folder: a relative path would be another file there.
  const { configFile } = await invocation.paths();
  if (invocation.has("config") && configFile !== undefined) args.push(`--config=${configFile}`);
  return args;
}

async function answering(
  invocation: Invocation,
  started: Started,
  isSuccessor: boolean,
): Promise<RunningService> {
  let running: RunningService | undefined;
  await waitFor(invocation, START_PATIENCE, async () => {
    const record = await serviceNow(invocation);
    const health = record === undefined ? undefined : await askHealth(record);
    const isOurs = record?.pid === started.pid && health?.pid === started.pid;
    const isInPlace = !isSuccessor || record?.predecessor !== undefined;
    if (isOurs && isInPlace && health.status !== "starting") running = { record, health, started };
    return running !== undefined || started.hasEnded();
  });
  if (running !== undefined) return running;
  const ended = `it ended at once with exit code ${started.exitCode() ?? "none"}`;
  const why = started.hasEnded() ? ended : `it did not answer in ${START_PATIENCE / 1000} s`;
  throw new Failure(`Cannot start the daemon: ${why}`, { exitCode: EXIT.general, code: "NOT_STARTED" });
}

/** The service's own last words say more than that it ended. */
async function withReason(
  { world: { runtime } }: Invocation,
  error: unknown,
  before: { folder: string; position: LogPosition },
): Promise<unknown> {
  if (!(error instanceof Failure)) return error;
  const { lines, position } = await lastLines(runtime, before.folder, { count: 1, least: "error" });
  const isNew = position.offset !== before.position.offset || position.identity !== before.position.identity;
  const words = isNew ? /^\S+ \[ERROR\] (.*)$/.exec(lines[0] ?? "")?.[1] : undefined;
  const message = words === undefined
    ? `${error.message}. Run 'cco daemon logs', or 'cco run' to see it start`
    : `${error.message}: ${words}`;
  return new Failure(message, { exitCode: error.exitCode, code: error.code, cause: error });
}

async function hasStopped(invocation: Invocation, record: ServiceRecord): Promise<boolean> {
  const now = await serviceNow(invocation);
  if (now?.pid === record.pid && now.processStart === record.processStart) return false;
  return await guardianOf(invocation.world.runtime, record) === undefined;
}

/** The process that has handed over to a service and still lives, unless it is this one. */
async function guardianOf(
  runtime: Pick<Runtime, "pid" | "processStart">,
  { predecessor }: ServiceRecord,
): Promise<ProcessName | undefined> {
  if (predecessor === undefined || predecessor.pid === runtime.pid) return undefined;
  return await isAlive(runtime, predecessor) ? predecessor : undefined;
}

async function waitFor(
  { world: { runtime, terminal } }: Invocation,
  patience: number,
  isSo: () => Promise<boolean>,
): Promise<boolean> {
  const end = runtime.now() + patience;
  // One that is to stop still waits for what it stops on its way.
  const signal = terminal.signal.aborted ? undefined : terminal.signal;
  for (;;) {
    if (await isSo()) return true;
    if (runtime.now() >= end) return false;
    await runtime.wait(LOOK, signal);
  }
}
