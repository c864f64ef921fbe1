/**
 * Starting and stopping the service by whoever is in charge of it: the manager that it is installed with, or `cco` itself.
 *
 * @module
 */

import type { Listening } from "../service/guard.ts";
import { askHealth } from "../service/ask_health.ts";
import type { ServiceRecord } from "../service/record.ts";
import { servicePlace } from "./daemon_place.ts";
import { requireStartable } from "./daemon_preflight.ts";
import { type RunningService, serviceNow, startService, stopService } from "./daemon_process.ts";
import { Failure } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { failure, type Scope, type ServiceManager, serviceManager } from "./service_manager.ts";

/** How long a manager's service may take until it answers. */
const PATIENCE = 30_000;
const LOOK = 50;

/**
 * Finds out what would keep the service from starting, before anything is started, or stopped for it.
 *
 * @param invocation The run.
 * @param own Where the service listens that is to make way, if one runs.
 * @throws {Failure} Exit code 2 for flags, 1 for the state folder and the port.
 * @throws {ConfigError} When the settings cannot be used.
 */
export async function requireManaged(invocation: Invocation, own?: Listening): Promise<void> {
  // A manager's file has flags of its own.
  if (await managerInCharge(invocation) === undefined) await requireStartable(invocation, own);
  else await servicePlace(invocation);
}

/**
 * Starts the service and waits until it answers. A manager that has it installed starts it: one that it did not start it
 * would not watch over.
 *
 * @param invocation The run.
 * @returns The service.
 * @throws {Failure} Exit code 1 when it does not start or does not answer in time.
 */
export async function startManaged(
  invocation: Invocation,
): Promise<Pick<RunningService, "record" | "health">> {
  const manager = await managerInCharge(invocation);
  if (manager === undefined) return await startService(invocation);
  await manager.start();
  const { runtime, terminal } = invocation.world;
  for (const end = runtime.now() + PATIENCE; runtime.now() < end;) {
    const record = await serviceNow(invocation);
    const health = record === undefined ? undefined : await askHealth(record);
    if (record !== undefined && health !== undefined && health.status !== "starting") {
      return { record, health };
    }
    await runtime.wait(LOOK, terminal.signal);
  }
  throw failure(`Cannot start the daemon: ${manager.name} has started it, and it did not answer in time`);
}

/**
 * Stops a service. A manager that has it installed stops it: it would start again what somebody else ends.
 *
 * @param invocation The run.
 * @param record The service.
 * @returns Whether it had to be ended.
 * @throws {Failure} Exit code 1 when even that does not help.
 */
export async function stopManaged(
  invocation: Invocation,
  record: ServiceRecord,
): Promise<{ wasForced: boolean }> {
  const manager = await managerInCharge(invocation);
  // One that runs although the manager knows nothing of it is stopped as always.
  await manager?.stop().catch(() => {});
  return await stopService(invocation, record);
}

/** The manager whose file is there: the machine's for root, this person's otherwise. */
async function managerInCharge(invocation: Invocation): Promise<ServiceManager | undefined> {
  const { runtime } = invocation.world;
  const scopes: readonly Scope[] = runtime.uid === 0 ? ["system", "user"] : ["user"];
  for (const scope of scopes) {
    try {
      const manager = await serviceManager(invocation, scope);
      if (await runtime.fs.stat(manager.file) === undefined) continue;
      if (await manager.absence() === undefined) return manager;
    } catch (error) {
      // From source there is nothing that a manager could have been told.
      if (!(error instanceof Failure)) throw error;
    }
  }
  return undefined;
}
