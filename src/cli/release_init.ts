/**
 * `cco release init DIR`: a new release folder.
 *
 * @module
 */

import type { SecretKey } from "../publish/mod.ts";
import type { Invocation } from "./invocation.ts";
import { hasKeys, newPassword, secretKeys } from "./release_keys.ts";
import { absolutePath, durationFlag, numberFlag, usage, writeOptions } from "./release_options.ts";
import { type Publish, publishing } from "./release_publishing.ts";
import { sayWritten } from "./release_result.ts";

/** The two roles' keys, and the files that were made for them. */
interface Keys {
  readonly rootKeys: readonly SecretKey[];
  readonly manifestKeys: readonly SecretKey[];
  readonly made: readonly string[];
}

/**
 * Makes a release folder: first root, manifest, both signed, and the workflow that renews the manifest.
 *
 * @param invocation The run.
 * @returns The exit code.
 */
export async function releaseInit(invocation: Invocation): Promise<number> {
  const folder = await absolutePath(invocation, invocation.parsed.values[0]!);
  const app = invocation.flag("app") ?? "cco";
  const { root, files, made } = await publishing(async (publish) => {
    const thresholds = {
      rootThreshold: numberFlag(invocation, "root-threshold"),
      manifestThreshold: numberFlag(invocation, "threshold"),
      rootValidity: await durationFlag(invocation, "root-validity"),
      validity: await durationFlag(invocation, "validity"),
    };
    const { made, ...keys } = await keysOf(invocation, publish, folder);
    const created = await publish.init(folder, { app, ...keys, ...thresholds, ...writeOptions(invocation) });
    return { ...created, made };
  });
  const changes = [`release folder of ${app}: ${folder}`];
  return sayWritten(invocation, { changes, files: [...made, ...files] }, { folder, root: JSON.parse(root) });
}

async function keysOf(invocation: Invocation, publish: Publish, folder: string): Promise<Keys> {
  const named = invocation.flag("make-keys");
  if (named === undefined) {
    const rootKeys = await secretKeys(invocation, publish, "root-key");
    return { rootKeys, manifestKeys: await secretKeys(invocation, publish, "key"), made: [] };
  }
  if (hasKeys(invocation, "key") || hasKeys(invocation, "root-key")) {
    throw usage("Cannot combine --make-keys with keys that exist");
  }
  if (invocation.has("dry-run")) throw usage("Cannot combine --make-keys and --dry-run: it needs the keys");
  const place = await absolutePath(invocation, named);
  // What is served must not hold a secret.
  if (`${place}/`.startsWith(`${folder}/`)) {
    throw usage(`Cannot make keys in ${place}: everybody can read the release folder`);
  }
  return await makeKeys(invocation, publish, place);
}

async function makeKeys(invocation: Invocation, publish: Publish, place: string): Promise<Keys> {
  const { runtime } = invocation.world;
  const paths = { root: `${place}/root.key`, release: `${place}/release.key` };
  const passwords = {
    root: await newPassword(invocation, paths.root),
    release: await newPassword(invocation, paths.release),
  };
  await runtime.fs.makeDirectory(place, 0o700);
  const make = async (role: "root" | "release"): Promise<SecretKey> => {
    const password = passwords[role];
    await publish.keygen(paths[role], { password, runtime });
    return await publish.readSecretKey({ file: paths[role] }, { password, runtime });
  };
  const rootKeys = [await make("root")], manifestKeys = [await make("release")];
  return { rootKeys, manifestKeys, made: Object.values(paths).flatMap((path) => [path, `${path}.pub`]) };
}
