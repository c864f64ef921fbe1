/**
 * Compiled versions of `cco`, kept in the build cache as long as the sources are the same.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { join, relative } from "node:path";
import { buildCache, exists, makeOnce } from "../../../scripts/build_cache.ts";
import { compile, describeRelease } from "../../../scripts/compile.ts";
import { platformsOf } from "../../../scripts/compile/platforms.ts";
import { takeSnapshot } from "../../../scripts/compile/snapshot.ts";
import type { Version } from "../../../scripts/demo/release.ts";
import { type Build, developmentBuild } from "../../../src/cli/build.ts";
import { testKey } from "../signed_release.ts";

/** Signs the releases that compiled versions accept. */
export const RELEASE_KEY = await testKey(42);

/** The scripts that decide what is compiled. */
const SCRIPTS = [
  "bundle",
  "bundler",
  "deno_compile",
  "eager",
  "gather",
  "ran",
  "rehearsal",
  "rehearsed_release",
];

/** How many compiled versions stay in the cache, at 150 MB each. */
const KEPT = 6;
/** More stay as long as another process may be using them. */
const IN_USE = 60 * 60 * 1000;

/**
 * A version of `cco` which accepts only releases signed by {@link RELEASE_KEY}.
 *
 * @param version The version it says it is.
 * @param platform The platform it is for: this machine's unless given.
 * @param facts What else is different about it.
 */
export async function compiledVersion(
  version: string,
  platform = "host",
  facts: Pick<Build, "probeTimeout"> = {},
): Promise<Version> {
  const build: Build = {
    ...developmentBuild(version),
    ...facts,
    sources: ["https://releases.invalid/version-manifest.json"],
    keys: [RELEASE_KEY.publicKey.text],
    allowUnsigned: false,
  };
  const platforms = platformsOf([platform]);
  const folder = join(buildCache(), "compiled");
  const path = join(folder, await keyOf(build, platform));
  if (!await exists(path)) {
    await Deno.mkdir(folder, { recursive: true });
    await makeOnce(path, async (out) => void await compile({ build, platforms, out, say: console.error }));
  }
  await Deno.utime(path, new Date(), new Date());
  await removeOldest(folder);
  return { version, compiled: await describeRelease(path, version, platforms) };
}

/** The digest of everything that decides what is compiled: sources, facts, flags, and the version of Deno. */
async function keyOf(build: Build, platform: string): Promise<string> {
  await using snapshot = await takeSnapshot(build);
  const hash = createHash("sha256").update(`${Deno.version.deno} ${platform}`);
  for (const script of SCRIPTS) {
    hash.update(await Deno.readFile(new URL(`../../../scripts/compile/${script}.ts`, import.meta.url)));
  }
  for (const file of await filesIn(snapshot.folder)) {
    hash.update(`${relative(snapshot.folder, file)}\n`).update(await Deno.readFile(file));
  }
  return `${build.version}-${hash.digest("hex").slice(0, 32)}`;
}

async function filesIn(folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    files.push(...isDirectory ? await filesIn(join(folder, name)) : [join(folder, name)]);
  }
  return files.sort();
}

async function removeOldest(folder: string): Promise<void> {
  const entries = await Promise.all(
    (await Array.fromAsync(Deno.readDir(folder))).map(async ({ name }) => {
      // Another process that tidies up at the same time may have been faster.
      const info = await Deno.stat(join(folder, name)).catch(() => undefined);
      return { path: join(folder, name), used: info?.mtime?.getTime() ?? 0 };
    }),
  );
  const old = entries.sort((a, b) => b.used - a.used).slice(KEPT)
    .filter(({ used }) => Date.now() - used > IN_USE);
  for (const { path } of old) await Deno.remove(path, { recursive: true }).catch(() => {});
}
