/**
 * `cco release keygen FILE`: a key pair.
 *
 * @module
 */

import type { Invocation } from "./invocation.ts";
import { newPassword } from "./release_keys.ts";
import { absolutePath, writeOptions } from "./release_options.ts";
import { publishing } from "./release_publishing.ts";
import { sayWritten } from "./release_result.ts";

/**
 * Makes a key pair. The secret key's file is readable by its owner only, and nothing that is there is replaced.
 *
 * @param invocation The run.
 * @returns The exit code.
 */
export async function releaseKeygen(invocation: Invocation): Promise<number> {
  const path = await absolutePath(invocation, invocation.parsed.values[0]!);
  const key = await publishing(async ({ keygen }) => {
    const password = await newPassword(invocation, path);
    return await keygen(path, { password, ...writeOptions(invocation) });
  });
  const files = [path, `${path}.pub`];
  // A key that was not written is gone, and nobody may rely on it.
  if (invocation.has("dry-run")) return sayWritten(invocation, { changes: [], files }, { publicKey: null });
  const { id, text } = key;
  return sayWritten(invocation, { changes: [`public key ${id}: ${text}`], files }, {
    publicKey: { id, text },
  });
}
