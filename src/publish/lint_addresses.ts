/**
 * Whether the files of a manifest are where it says they are.
 *
 * @module
 */

import type { Runtime } from "../../machine.ts";
import type { Asset, Manifest } from "../manifest.ts";
import type { Finding } from "./lint.ts";

/** HEAD is not offered everywhere (RFC 9110 section 15.5.6 and 15.6.2). */
const NO_HEAD = [405, 501];

/**
 * Asks every address for its file.
 *
 * @param manifest The manifest, whose addresses are absolute.
 * @param runtime The machine.
 * @param signal Ends it.
 * @returns An error for each file that is not there or has another size, a warning for each that nobody can be asked for.
 */
export async function lintAddresses(
  { versions }: Manifest,
  runtime: Pick<Runtime, "fetch">,
  signal: AbortSignal | undefined,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [version, release] of versions) {
    for (const [platform, asset] of release.assets) {
      const where = `versions.${version}.${platform}`;
      for (const url of asset.urls) {
        if (!/^https?:/.test(url)) {
          const message =
            "its address begins where the manifest's does: say where that is served (--address)";
          findings.push({ level: "warning", where, message });
          continue;
        }
        const problem = await ask(url, asset, runtime, signal);
        if (problem) findings.push({ level: "error", where, message: `${url}: ${problem}` });
      }
    }
  }
  return findings;
}

async function ask(
  url: string,
  { size }: Asset,
  { fetch }: Pick<Runtime, "fetch">,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const request = async (method: string): Promise<Response> => {
    const response = await fetch(url, { method, redirect: "follow", ...(signal ? { signal } : {}) });
    await response.body?.cancel();
    return response;
  };
  try {
    const head = await request("HEAD");
    const { ok, status, headers } = NO_HEAD.includes(head.status) ? await request("GET") : head;
    if (!ok) return `the server answers ${status}`;
    const length = headers.has("content-encoding") ? null : headers.get("content-length");
    if (length === null || size === undefined || Number(length) === size) return undefined;
    return `the server has ${length} bytes, the manifest says ${size}`;
  } catch (cause) {
    signal?.throwIfAborted();
    return cause instanceof Error ? cause.message : String(cause);
  }
}
