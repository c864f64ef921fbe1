/**
 * `cco run` after its service has been taken over: whoever started it, a container or a supervisor, takes its end for the
 * end of the service.
 *
 * @module
 */

import type { Runtime } from "../../machine.ts";
import { isAlive, lastRecord, type ServiceRecord } from "../service/record.ts";
import { stateDirectoryOf } from "./daemon_place.ts";
import { serviceNow, stopService } from "./daemon_process.ts";
import { EXIT, Failure } from "./failure.ts";
import type { Invocation } from "./invocation.ts";

/** How often to look. */
const LOOK = 1000;

/**
 * Stays for as long as the service that has taken over, or whichever follows it, and stops that one when it is to stop.
 *
 * @param invocation The run.
 * @param signal Asks this process to stop.
 * @throws {Failure} Exit code 1 when the service has died, so that it is started again, or does not stop.
 */
export async function followSuccessor(invocation: Invocation, signal: AbortSignal): Promise<void> {
  const { runtime } = invocation.world;
  const stateDirectory = await stateDirectoryOf(invocation);
  while (!signal.aborted) {
    const record = await lastRecord(runtime, stateDirectory);
    // One that ends in an orderly way takes its record along.
    if (record === undefined) return;
    if (!await isServed(runtime, record)) {
      const message = `The service, process ${record.pid}, has died. Run 'cco daemon logs'`;
      throw new Failure(message, { exitCode: EXIT.general, code: "DIED" });
    }
    await runtime.wait(LOOK, signal).catch(() => {});
  }
  const record = await serviceNow(invocation);
  if (record !== undefined) await stopService(invocation, record);
}

/** While a new version is taken back the one before it still lives, and is about to serve again. */
async function isServed(
  runtime: Pick<Runtime, "pid" | "processStart">,
  record: ServiceRecord,
): Promise<boolean> {
  if (await isAlive(runtime, record)) return true;
  const { predecessor } = record;
  return predecessor !== undefined && predecessor.pid !== runtime.pid && await isAlive(runtime, predecessor);
}
