/**
 * A server of manifests and a machine that asks it, both in memory.
 *
 * @module
 */

import type { FetchManifestOptions } from "../../src/fetch_manifest.ts";
import type { SecretKey } from "../../src/minisign_secret.ts";
import { type MemoryRuntime, memoryRuntime } from "../../src/runtime/memory.ts";
import { APP, manifestText, NOW, signManifest, testKey } from "./signed_release.ts";

/** The address of the manifest. */
export const SOURCE = "https://releases.example/version-manifest.json";

/** Where the program keeps its state. */
export const STATE = "/home/user/.local/state/demo";

/** Who signs. */
export const key = await testKey(1);

/** Somebody else. */
export const otherKey = await testKey(2);

/** Documents by their addresses. */
export type Files = Record<string, string | Uint8Array>;

/** The server, and who asks it. */
export interface ManifestServer {
  readonly runtime: MemoryRuntime;
  /** What was asked for. */
  readonly requests: readonly string[];
  readonly files: Files;
}

/**
 * A server that has these files and nothing else, and a machine that asks it.
 *
 * @param files What there is, by its address; it may be changed later.
 * @param onRequest Called for each request.
 * @param disk The disk of an earlier machine.
 */
export function server(
  files: Files,
  onRequest?: () => void,
  disk?: MemoryRuntime["machine"]["disk"],
): ManifestServer {
  const requests: string[] = [];
  const runtime = memoryRuntime({
    now: NOW,
    execPath: "/opt/demo",
    ...disk && { disk },
    fetch(url) {
      requests.push(url);
      onRequest?.();
      const content = files[url];
      if (content === undefined) return new Response("nothing there", { status: 404 });
      return new Response(content as Uint8Array<ArrayBuffer>);
    },
  });
  if (!disk) runtime.machine.putFolder("/home");
  return { runtime, requests, files };
}

/** A manifest and its signature, as files of the server. */
export async function filesFor(text: string, keys: readonly SecretKey[]): Promise<Files> {
  const { bytes, signature } = await signManifest(text, keys);
  return { [SOURCE]: bytes, [`${SOURCE}.minisig`]: signature! };
}

/** A server whose manifest {@link key} has signed. */
export async function signedServer(): Promise<ManifestServer> {
  return server(await filesFor(manifestText(), [key]));
}

/** The options of who trusts {@link key}. */
export function trusting(runtime: MemoryRuntime): FetchManifestOptions {
  return { runtime, app: APP, keys: [key.publicKey.text] };
}
