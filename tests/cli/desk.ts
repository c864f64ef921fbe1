/**
 * A publisher's desk in a test world: secret keys in files, the release folder that the world serves, builds to add.
 *
 * @module
 */

import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { secretKeyFile } from "../../src/minisign_key_file.ts";
import type { SecretKey } from "../../src/minisign_secret.ts";
import { testKey } from "../support/signed_release.ts";
import { tarGz, utf8 } from "../support/tar_archive.ts";
import { scriptOf, type TestWorld } from "./world.ts";

/** Commands that work on the desk, in place of the keys' real paths. */
export const SIGNED = "--folder releases --key-file release.key";
/** `cco release init` with the desk's keys. */
export const INIT = "release init releases --root-key-file root.key --key-file release.key";

/** Puts the keys on the desk: `root.key` is number 1, `release.key` number 2, both without a password. */
export async function placeKeys(world: TestWorld): Promise<{ rootKey: SecretKey; key: SecretKey }> {
  const [rootKey, key] = [await placeKey(world, "root.key", 1), await placeKey(world, "release.key", 2)];
  return { rootKey, key };
}

/** Puts one key on the desk, with its public part beside it. */
export async function placeKey(world: TestWorld, name: string, number: number): Promise<SecretKey> {
  const key = await testKey(number);
  await writeFile(join(world.folder, name), await secretKeyFile(key), { mode: 0o600 });
  await writeFile(join(world.folder, `${name}.pub`), `untrusted comment: a key\n${key.publicKey.text}\n`);
  return key;
}

/** Builds a version: its archive lies in `build-<version>` and is served already. */
export async function build(world: TestWorld, version: string): Promise<string> {
  const folder = `build-${version}`;
  const name = `cco-v${version}-linux-x86_64.tar.gz`;
  const archive = tarGz({ name: "cco", content: utf8(scriptOf(version)), mode: 0o755 });
  await mkdir(join(world.folder, folder), { recursive: true });
  await writeFile(join(world.folder, folder, name), archive);
  await writeFile(join(world.folder, "releases", name), archive);
  return folder;
}

/** Runs a command that is to succeed, and returns what it printed. */
export async function ok(world: TestWorld, words: string): Promise<string> {
  const { code, stdout, stderr } = await world.run(words);
  assert.equal(code, 0, `${words}: ${stderr}`);
  return stdout;
}

/** Every file on the desk with its bytes. */
export async function snapshot(world: TestWorld): Promise<Record<string, string>> {
  const entries = await readdir(world.folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) =>
    join(parentPath, name)
  );
  const contents = await Promise.all(files.map(async (file) => [file, await readFile(file, "base64")]));
  return Object.fromEntries(contents.sort());
}
