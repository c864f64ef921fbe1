/**
 * `cco daemon start`: the service in the background.
 *
 * @module
 */

import { addressOf } from "../service/ask_health.ts";
import type { ServiceRecord } from "../service/record.ts";
import { serviceNow, serviceOfAnother } from "./daemon_process.ts";
import { EXIT, Failure } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { requireManaged, startManaged } from "./service_control.ts";

/**
 * Starts the service and waits until it answers. One that runs already is left alone.
 *
 * @param invocation The run.
 * @returns The exit code.
 * @throws {Failure} Exit code 1 when it does not start, 2 for flags that are no port or address.
 */
export async function daemonStart(invocation: Invocation): Promise<number> {
  const { output } = invocation;
  const running = await serviceNow(invocation);
  const { record, isNew } = running === undefined
    ? await startOrFind(invocation)
    : { record: running, isNew: false };
  const { pid, version } = record;
  const address = addressOf(record);
  output.line(
    isNew ? `✅ Daemon started (PID: ${pid})` : `Daemon is already running (PID: ${pid})`,
  );
  output.step(`Address: ${address}`);
  const outcome = isNew ? "started" : "already-running";
  output.document({ outcome, pid, version, address });
  return EXIT.ok;
}

/** Of several that start at once one succeeds, and the others have what they want all the same. */
async function startOrFind(invocation: Invocation): Promise<{ record: ServiceRecord; isNew: boolean }> {
  try {
    await requireManaged(invocation);
    const { record } = await startManaged(invocation);
    return { record, isNew: true };
  } catch (error) {
    if (!(error instanceof Failure) || error.exitCode !== EXIT.general) throw error;
    const record = await serviceOfAnother(invocation);
    if (record === undefined) throw error;
    return { record, isNew: false };
  }
}
