/**
 * What `cco doctor` finds about the channel: one that the manifest does not have never brings an update.
 *
 * @module
 */

import type { Manifest } from "../../mod.ts";
import type { Finding } from "./doctor.ts";
import { mendOf } from "./doctor_account.ts";
import type { Invocation } from "./invocation.ts";

/**
 * Looks for the channel of the settings in the manifest.
 *
 * @param invocation The run.
 * @param manifest The manifest.
 * @returns What was found.
 */
export async function channelCheck(
  invocation: Invocation,
  { latest, versions, source }: Manifest,
): Promise<Finding> {
  const name = "Channel";
  const settings = await invocation.settings();
  const channel = settings.get("updates.channel");
  const version = latest.get(channel);
  if (version !== undefined && versions.has(version)) {
    return { name, status: "ok", message: `${channel} points to version ${version}` };
  }
  const message = version === undefined
    ? `${source} has no channel ${channel}, only ${[...latest.keys()].join(", ") || "none"}`
    : `${source} points channel ${channel} to version ${version}, which it does not describe`;
  const origin = settings.origin("updates.channel");
  const mend = version === undefined && origin.layer !== "default"
    ? mendOf(invocation, origin)
    : "Tell the publisher, or choose another one: cco config set updates.channel beta";
  return { name, status: "problem", message, mend };
}
