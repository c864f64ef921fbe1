/**
 * Who watches over this service, and what that means for a hand-over.
 *
 * @module
 */

import type { Log } from "../service/log.ts";
import { type Supervisor, supervisorOf } from "../service/supervisor.ts";
import { processesOf } from "./daemon_place.ts";
import { PREDECESSOR, serviceNow } from "./daemon_process.ts";
import type { Invocation } from "./invocation.ts";

/**
 * The systemd that wants to hear of this service.
 *
 * @param invocation The run.
 * @param log Where it is written when it cannot hear.
 * @returns It, or `undefined` when there is none.
 */
export async function supervisorFor(invocation: Invocation, log: Log): Promise<Supervisor | undefined> {
  const { runtime, terminal } = invocation.world;
  const { notify } = await processesOf(invocation);
  if (notify === undefined) return undefined;
  return supervisorOf({
    runtime,
    env: terminal.env,
    isSuccessor: Boolean(terminal.env(PREDECESSOR)),
    notify,
    onFailure: (error) => log.error(error instanceof Error ? error.message : String(error)),
  });
}

/**
 * Tells whether another process may take over. A manager that watches one process, and cannot be told of another one,
 * would take the end of this one for the end of the service.
 *
 * @param invocation The run.
 * @param supervisor The systemd that can be told.
 * @returns Whether it may.
 */
export function mayHandOver(
  { world: { terminal, runtime } }: Invocation,
  supervisor: Supervisor | undefined,
): boolean {
  if (supervisor !== undefined) return true;
  return terminal.env("SYSTEMD_EXEC_PID") !== `${runtime.pid}` && !terminal.env("CCO_SUPERVISOR");
}

/**
 * Tells systemd which process is the service now.
 *
 * @param invocation The run.
 * @param supervisor The systemd that can be told.
 */
export async function tellSuccessor(
  invocation: Invocation,
  supervisor: Supervisor | undefined,
): Promise<void> {
  if (supervisor === undefined) return;
  const record = await serviceNow(invocation).catch(() => undefined);
  if (record !== undefined && record.pid !== invocation.world.runtime.pid) {
    await supervisor.handedTo(record.pid);
  }
}
