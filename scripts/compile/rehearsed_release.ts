/**
 * The release that a rehearsal checks for: signed, on this machine only, with one version more than is installed.
 *
 * @module
 */

import { type SecretKey, signMessage } from "../../src/minisign_secret.ts";
import { type FaultServer, startFaultServer } from "../../src/testing/fault_server.ts";
import { PLATFORMS } from "./platforms.ts";

/** The version that checks. */
export const INSTALLED = "1.0.0";
const VERSIONS = [INSTALLED, "1.1.0"];
const DAY = 24 * 60 * 60 * 1000;

/**
 * Serves the release; like real servers this one confirms what has not changed.
 *
 * @param key Signs the manifest.
 * @returns The server and the manifest's address.
 */
export async function serveRelease(key: SecretKey): Promise<{ server: FaultServer; source: string }> {
  const expires = new Date(Date.now() + 90 * DAY).toISOString();
  const text = JSON.stringify(manifestUntil(expires), undefined, 2);
  const trustedComment = `cco-manifest/1 cco seq=${VERSIONS.length} expires=${expires}`;
  const signature = await signMessage(new TextEncoder().encode(text), key, { trustedComment });
  const server = await startFaultServer();
  server.serve("/version-manifest.json.minisig", signature);
  return { server, source: server.serve("/version-manifest.json", text) };
}

function manifestUntil(expires: string): unknown {
  const date = new Date().toISOString();
  return {
    schema: 1,
    app: "cco",
    sequence: VERSIONS.length,
    issued: date,
    expires,
    latest: { stable: VERSIONS.at(-1) },
    versions: Object.fromEntries(
      VERSIONS.map((version) => [version, { date, platforms: assetsOf(version) }]),
    ),
  };
}

/** Nobody downloads them. */
function assetsOf(version: string): Record<string, unknown> {
  const sha256 = "0".repeat(64);
  return Object.fromEntries(PLATFORMS.map(({ name, format, executable }) => [name, {
    url: `cco-v${version}-${name}.${format}`,
    sha256,
    size: 1,
    binary: { path: executable, sha256, size: 1 },
  }]));
}
