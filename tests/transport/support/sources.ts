/**
 * Sources on a fault server: a signed manifest, who asks for it, and what he keeps of it.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FetchManifestOptions } from "../../../src/fetch_manifest.ts";
import type { Runtime } from "../../../src/runtime/types.ts";
import type { FaultServer } from "../../../src/testing/fault_server.ts";
import { APP, manifestText, signManifest, testKey } from "../../support/signed_release.ts";

/** The manifest's name. */
export const FILE = "version-manifest.json";

/** A token that must not turn up anywhere. */
export const CANARY = "canary-0123456789";

/** The options of who trusts the first key. */
export async function optionsFor(stateDirectory: string, runtime: Runtime): Promise<FetchManifestOptions> {
  return { app: APP, keys: [(await testKey(1)).publicKey.text], stateDirectory, runtime };
}

/** Serves a signed manifest, and returns its address. */
export async function serveManifest(server: FaultServer, folder: string, fields = {}): Promise<string> {
  const { bytes, signature = new Uint8Array() } = await signManifest(manifestText(fields), [
    await testKey(1),
  ]);
  server.serve(`${folder}/${FILE}.minisig`, signature);
  return server.serve(`${folder}/${FILE}`, bytes);
}

/** The statuses of everything but the next root, which is not there. */
export function statusesOf(server: FaultServer): number[] {
  return server.requests.filter(({ path }) => !path.endsWith(".root.json")).map(({ status }) => status);
}

/** Changes every file in the cache, given its first line and the rest. */
export async function damageCache(
  folder: string,
  damaged: (head: string, body: string) => string,
): Promise<void> {
  const cache = join(folder, "cache");
  for (const name of await readdir(cache)) {
    const [head = "", ...rest] = (await readFile(join(cache, name), "latin1")).split("\n");
    await writeFile(join(cache, name), damaged(head, rest.join("\n")), "latin1");
  }
}

/** The SHA-256 of a text. */
export function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
