/**
 * `cco release rotate`: the next root.
 *
 * @module
 */

import type { RoleKeys } from "../publish/mod.ts";
import type { Invocation } from "./invocation.ts";
import { hasKeys, secretKeys } from "./release_keys.ts";
import { durationFlag, numberFlag, releaseFolder, textOf, usage, writeOptions } from "./release_options.ts";
import { publishing } from "./release_publishing.ts";
import { sayWritten } from "./release_result.ts";

/** A public key as text. */
const PUBLIC_KEY = /^RW[A-Za-z0-9+/]{54}$/;

/**
 * Publishes the next root. Roles that no flag names stay as they are.
 *
 * @param invocation The run.
 * @returns The exit code.
 */
export async function releaseRotate(invocation: Invocation): Promise<number> {
  const folder = await releaseFolder(invocation);
  const rotation = await publishing(async (publish) =>
    await publish.rotate(folder, {
      root: await roleOf(invocation, "root-"),
      manifest: await roleOf(invocation, ""),
      rootKeys: await secretKeys(invocation, publish, "root-key"),
      manifestKeys: hasKeys(invocation, "key") ? await secretKeys(invocation, publish, "key") : [],
      validity: await durationFlag(invocation, "root-validity"),
      ...writeOptions(invocation),
    })
  );
  return sayWritten(invocation, rotation, {
    root: rotation.version,
    manifest: rotation.manifest ?? null,
  });
}

async function roleOf(invocation: Invocation, prefix: "root-" | ""): Promise<RoleKeys | undefined> {
  const threshold = numberFlag(invocation, `${prefix}threshold`);
  const named = invocation.flagValues(`${prefix}public`);
  if (named.length > 0) {
    return { keys: await Promise.all(named.map((key) => publicKey(invocation, key))), threshold };
  }
  if (threshold !== undefined) throw usage(`--${prefix}threshold needs --${prefix}public: name all keys`);
  return undefined;
}

/** The key itself, or a file that ends with it, as minisign's have it. */
async function publicKey(invocation: Invocation, given: string): Promise<string> {
  if (PUBLIC_KEY.test(given)) return given;
  const line = (await textOf(invocation, given)).trim().split(/\r?\n/).at(-1)!;
  if (PUBLIC_KEY.test(line)) return line;
  throw usage(`Cannot use ${given}: it is no public key of minisign`);
}
