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

/** Who signs, and the new keys among them, which have to be written. */
interface Keys {
  readonly rootKeys: readonly SecretKey[];
  readonly manifestKeys: readonly SecretKey[];
  readonly fresh: readonly NewKey[];
}

/** A key that is in no file yet. */
interface NewKey {
  readonly path: string;
  readonly key: SecretKey;
  readonly password: string | undefined;
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
    const { fresh, ...keys } = await keysOf(invocation, publish, folder);
    const options = { app, ...keys, ...thresholds, ...writeOptions(invocation) };
    const made = fresh.flatMap(({ path }) => [path, `${path}.pub`]);
    // Nothing is written before everything is known to fit: keys that no release folder knows would be taken for its own.
    const dry = await publish.init(folder, { ...options, dryRun: true });
    if (options.dryRun) return { ...dry, made };
    return { ...await writing(invocation, publish, fresh, () => publish.init(folder, options)), made };
  });
  const changes = [
    `release folder of ${app}: ${folder}`,
    `compile ${folder}/1.root.json into every client, and keep the root's secret key offline`,
    "for the weekly refresh set what the first lines of .github/workflows/refresh.yml name",
  ];
  return sayWritten(invocation, { changes, files: [...made, ...files] }, { folder, root: JSON.parse(root) });
}

async function keysOf(invocation: Invocation, publish: Publish, folder: string): Promise<Keys> {
  const named = invocation.flag("make-keys");
  if (named === undefined) {
    const rootKeys = await secretKeys(invocation, publish, "root-key");
    return { rootKeys, manifestKeys: await secretKeys(invocation, publish, "key"), fresh: [] };
  }
  if (hasKeys(invocation, "key") || hasKeys(invocation, "root-key")) {
    throw usage("Cannot combine --make-keys with keys that exist");
  }
  const place = await absolutePath(invocation, named);
  // What is served must not hold a secret.
  if (`${place}/`.startsWith(`${folder}/`)) {
    throw usage(`Cannot make keys in ${place}: everybody can read the release folder`);
  }
  const root = await newKey(invocation, publish, `${place}/root.key`);
  const release = await newKey(invocation, publish, `${place}/release.key`);
  return { rootKeys: [root.key], manifestKeys: [release.key], fresh: [root, release] };
}

async function newKey(invocation: Invocation, publish: Publish, path: string): Promise<NewKey> {
  const { runtime } = invocation.world;
  for (const file of [path, `${path}.pub`]) {
    if (await runtime.fs.stat(file) !== undefined) {
      throw usage(`Cannot make a key at ${file}: there is a file already`);
    }
  }
  const password = invocation.has("dry-run") ? undefined : await newPassword(invocation, path);
  return { path, password, key: await publish.generateKey(runtime.random) };
}

/** Writes the new keys, does what needs them, and takes them back when that fails. */
async function writing<T>(
  { world: { runtime } }: Invocation,
  publish: Publish,
  keys: readonly NewKey[],
  work: () => Promise<T>,
): Promise<T> {
  const made: string[] = [];
  try {
    for (const { path, key, password } of keys) {
      await runtime.fs.makeDirectory(path.slice(0, path.lastIndexOf("/")), 0o700);
      await publish.keygen(path, { key, password, runtime });
      made.push(path, `${path}.pub`);
    }
    return await work();
  } catch (error) {
    for (const path of made) await runtime.fs.remove(path);
    throw error;
  }
}
