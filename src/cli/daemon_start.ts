/**
 * `cco daemon start`: the service in the background.
 *
 * @module
 */

import { addressOf } from "../service/ask_health.ts";
import { serviceNow } from "./daemon_process.ts";
import { EXIT } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { startManaged } from "./service_control.ts";

/**
 * Starts the service and waits until it answers. One that runs already is left alone.
 *
 * @param invocation The run.
 * @returns The exit code.
 * @throws {Failure} Exit code 1 when it does not start.
 */
export async function daemonStart(invocation: Invocation): Promise<number> {
  const { output } = invocation;
  const running = await serviceNow(invocation);
  const record = running ?? (await startManaged(invocation)).record;
  const { pid, version } = record;
  const address = addressOf(record);
  output.line(
    running === undefined ? `✅ Daemon started (PID: ${pid})` : `Daemon is already running (PID: ${pid})`,
  );
  output.step(`Address: ${address}`);
  const outcome = running === undefined ? "started" : "already-running";
  output.document({ outcome, pid, version, address });
  return EXIT.ok;
}
