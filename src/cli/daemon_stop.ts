/**
 * `cco daemon stop`.
 *
 * @module
 */

import { serviceNow } from "./daemon_process.ts";
import { EXIT } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { stopManaged } from "./service_control.ts";

/**
 * Stops the service: asks it, and ends it when it does not stop in time. That none runs is no failure.
 *
 * @param invocation The run.
 * @returns The exit code.
 * @throws {Failure} Exit code 1 when it does not stop.
 */
export async function daemonStop(invocation: Invocation): Promise<number> {
  const { output } = invocation;
  const record = await serviceNow(invocation);
  if (record === undefined) {
    output.line("Daemon is not running");
    output.document({ outcome: "not-running", pid: null, forced: false });
    return EXIT.ok;
  }
  const { wasForced } = await stopManaged(invocation, record);
  if (wasForced) output.note("⚠️  The daemon did not stop in time and was ended");
  output.line("✅ Daemon stopped");
  output.document({ outcome: "stopped", pid: record.pid, forced: wasForced });
  return EXIT.ok;
}
