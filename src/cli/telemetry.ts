/**
 * What is sent about the result of an update, to whom, and only when somebody has switched it on.
 *
 * @module
 */

import type { UpdateAttempt } from "../../mod.ts";
import type { Invocation } from "./invocation.ts";

/** Nobody waits longer for a report that is not for them. */
const PATIENCE = 2000;

/** All that is ever sent. Nothing in it tells one machine from another one. */
export interface Report {
  /** The program. */
  readonly product: "cco";
  /** The version that was to be installed, or gone back to; `unknown` where nobody knows. */
  readonly version: string;
  /** Such as `linux-x86_64`. */
  readonly platform: string;
  /** An outcome such as `updated`, or the code of the error. */
  readonly result: string;
}

/**
 * Sends the result of an attempt to the address of the settings: one request, never repeated, redirected or waited for.
 * Does nothing unless `telemetry.enabled` is set and `telemetry.address` says where to.
 *
 * @param invocation The run.
 * @param attempt The attempt. Account, key, source and digest stay here.
 */
export async function sendResult(invocation: Invocation, attempt: UpdateAttempt): Promise<void> {
  try {
    const settings = await invocation.settings();
    const address = settings.get("telemetry.address");
    if (!settings.get("telemetry.enabled") || address === undefined) return;
    const [{ targetName }, { updaterOptions }] = await Promise.all([
      import("../../mod.ts"),
      import("./updater_options.ts"),
    ]);
    const { runtime } = await updaterOptions(invocation);
    const report: Report = {
      product: "cco",
      version: attempt.to ?? "unknown",
      platform: targetName(runtime),
      result: attempt.error ?? (attempt.what === "update" ? attempt.result : attempt.what),
    };
    const answer = await runtime.fetch(address, {
      method: "POST",
      redirect: "manual",
      headers: { "content-type": "application/json", "user-agent": "cco" },
      body: JSON.stringify(report),
      signal: AbortSignal.timeout(PATIENCE),
    });
    await answer.body?.cancel();
  } catch (error) {
    // The update is what matters; this is for somebody else. A message might quote the address, query included (T32).
    invocation.output.detail(`telemetry was not sent: ${error instanceof Error ? error.name : "unknown"}`);
  }
}
