/**
 * What `cco doctor` looks at on the network: sources, proxy, clock, how fresh the manifest is.
 *
 * @module
 */

import type { Manifest } from "../../mod.ts";
import { formatDuration } from "../config/duration.ts";
import { shownValue } from "../config/settings.ts";
import type { Finding } from "./doctor.ts";
import { channelCheck } from "./doctor_channel.ts";
import { proxyCheck } from "./doctor_proxy.ts";
import type { Invocation } from "./invocation.ts";
import { type UpdaterOptions, updaterOptions } from "./updater_options.ts";

/** A clock that is off by more makes certificates and manifests look expired. */
const SKEW = 5 * 60_000;
/** A person waits for this. */
const PATIENCE = 10_000;
/** A manifest whose remaining time is below this share of its whole should have been refreshed. */
const STALE = 0.25;

/**
 * Sources, proxy, clock and the manifest's time.
 *
 * @param invocation The run.
 * @returns What was found.
 */
export async function networkChecks(invocation: Invocation): Promise<Finding[]> {
  try {
    const sources = (await invocation.settings()).get("updates.sources");
    const options = await updaterOptions(invocation);
    const answers = await Promise.all(sources.map((source) => ask(options, source)));
    const manifest = answers.find(({ manifest }) => manifest !== undefined)?.manifest;
    const proxy = await proxyCheck(invocation, withPatience(options.signal));
    return [
      manifest === undefined ? proxy : asNote(proxy),
      ...answers.map(({ finding }) => manifest === undefined ? finding : asNote(finding)),
      ...await clockChecks(invocation, options, sources),
      ...(manifest === undefined ? [] : [
        await channelCheck(invocation, manifest),
        freshness(manifest, invocation.world.runtime.now()),
      ]),
    ];
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return [{ name: "Network", status: "problem", message, mend: "Mend the settings first" }];
  }
}

/** One source that answers is enough; another that does not is worth knowing. */
function asNote(finding: Finding): Finding {
  return finding.status === "problem" ? { ...finding, status: "note" } : finding;
}

async function ask(
  options: UpdaterOptions,
  source: string,
): Promise<{ finding: Finding; manifest: Manifest | undefined }> {
  const { fetchManifest } = await import("../../mod.ts");
  const name = "Source";
  try {
    const manifest = await fetchManifest(source, { ...options, signal: withPatience(options.signal) });
    return { manifest, finding: { name, status: "ok", message: manifest.source } };
  } catch (error) {
    options.signal?.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    // Errors name addresses without their query, which can be a secret (T32).
    const [address = source] = source.split("?");
    const message = why.includes(address) ? why : `${shownValue(source)}: ${why}`;
    const mend =
      "Check the address in updates.sources, the network, updates.proxy or HTTPS_PROXY, and the firewall";
    return { manifest: undefined, finding: { name, status: "problem", message, mend } };
  }
}

function withPatience(signal: AbortSignal | undefined): AbortSignal {
  const timeout = AbortSignal.timeout(PATIENCE);
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
}

/** Every web server says what time it is. */
async function clockChecks(
  { world: { runtime } }: Invocation,
  options: UpdaterOptions,
  sources: readonly string[],
): Promise<Finding[]> {
  const url = sources.find((source) => /^https?:/.test(source));
  if (url === undefined) return [];
  const name = "Clock";
  try {
    const init = { method: "HEAD", redirect: "manual", signal: withPatience(options.signal) } as const;
    const response = await options.runtime.fetch(url, init);
    await response.body?.cancel();
    const time = Date.parse(response.headers.get("date") ?? "");
    if (Number.isNaN(time)) {
      return [{ name, status: "note", message: "the source does not say what time it is" }];
    }
    const skew = runtime.now() - time;
    if (Math.abs(skew) <= SKEW) return [{ name, status: "ok", message: "agrees with the source" }];
    const message = `${formatDuration(Math.abs(skew))} ${skew > 0 ? "ahead of" : "behind"} the source`;
    return [{ name, status: "problem", message, mend: "Set the clock: timedatectl set-ntp true" }];
  } catch {
    options.signal?.throwIfAborted();
    return [{ name, status: "note", message: "cannot be compared: the source does not answer" }];
  }
}

function freshness({ issued, expires, trust }: Manifest, now: number): Finding {
  const name = "Manifest";
  if (expires === undefined) {
    const message = "it never expires, so that a frozen mirror would not be noticed";
    return { name, status: "note", message };
  }
  const left = expires - now;
  const message = left > 0
    ? `good for another ${formatDuration(left)}`
    : `expired ${formatDuration(-left)} ago`;
  const mend = "Tell the publisher to refresh it: cco release refresh";
  if (left <= 0) return { name, status: trust.signed ? "problem" : "note", message, mend };
  const isStale = issued !== undefined && left < (expires - issued) * STALE;
  return isStale ? { name, status: "note", message, mend } : { name, status: "ok", message };
}
