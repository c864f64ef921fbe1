/**
 * `cco daemon status`: for people, and by its exit code for scripts.
 *
 * @module
 */

import { formatDuration } from "../config/duration.ts";
import { addressOf, askHealth } from "../service/ask_health.ts";
import { serviceNow } from "./daemon_process.ts";
import { EXIT } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { formatTime } from "./times.ts";

/**
 * Tells whether the service runs, and how it is.
 *
 * @param invocation The run.
 * @returns The exit code: 0 when it runs, 1 when it does not.
 */
export async function daemonStatus(invocation: Invocation): Promise<number> {
  const { output, world: { runtime } } = invocation;
  const record = await serviceNow(invocation);
  if (record === undefined) {
    output.line("Daemon is not running");
    output.document({ running: false });
    return EXIT.general;
  }
  const { pid, version, startedAt } = record;
  const health = await askHealth(record);
  const uptime = Math.max(0, runtime.now() - startedAt);
  const { status = "not answering", reason, lastCheck = null, nextCheck = null } = health ?? {};
  const address = addressOf(record);
  output.line(`Daemon is running (PID: ${pid})`);
  output.line(`Uptime: ${formatDuration(uptime)}`);
  output.line(`Version: ${version}`);
  output.line(`Health: ${status}${reason === undefined ? "" : ` (${reason})`}`);
  output.line(`Address: ${address}`);
  output.line(`Last check: ${shownTime(lastCheck)}`);
  output.line(`Next check: ${shownTime(nextCheck)}`);
  output.document({
    running: true,
    pid,
    uptime: Math.floor(uptime / 1000),
    version,
    health: health === undefined ? null : status,
    reason: reason ?? null,
    address,
    lastCheck,
    nextCheck,
  });
  return EXIT.ok;
}

function shownTime(time: string | null): string {
  return formatTime(time === null ? undefined : Date.parse(time));
}
