/**
 * What a compiled `cco` does on any platform: the same tests for each that can be emulated.
 *
 * @module
 */

import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { test } from "node:test";
import { exists, fileDigest } from "../../../scripts/build_cache.ts";
import { publishManifest, type ReleaseManifest } from "../../../scripts/demo/release.ts";
import { emulatedDeno } from "../../../scripts/emulators/deno.ts";
import type { EmulatedPlatform } from "../../../scripts/emulators/emulator.ts";
import { RELEASE_KEY } from "../../support/deno/compiled_version.ts";
import { NEW, OLD } from "../../support/deno/published.ts";
import { killUpdates } from "./kills.ts";
import { Place, Platform } from "./place.ts";
import { leaveOut } from "../../support/skipped.ts";

/** What differs between platforms. */
export interface PlatformCase {
  readonly platform: EmulatedPlatform;
  /** Files that stay after going back, because a running program cannot be removed; the next update sweeps them. */
  readonly leftByRollback: RegExp | undefined;
  /** How many updates are killed. */
  readonly kills: number;
}

/**
 * Registers the tests.
 *
 * @param facts What differs.
 * @param more Registers more tests for the same platform.
 */
export async function updateTests(
  { platform: name, leftByRollback, kills }: PlatformCase,
  more: (platform: Platform) => void = () => {},
): Promise<void> {
  const platform = await Platform.open(name);
  if (typeof platform === "string") {
    test(`a compiled cco for ${name}`, (t) => leaveOut(t, platform));
    return;
  }

  test(`a cco for ${name} finds a newer version, replaces itself with it, and goes back`, async () => {
    await using place = await Place.make(platform);
    assert.deepEqual(await place.run("--version"), { code: 0, stdout: `cco ${OLD}\n`, stderr: "" });
    const check = await place.run("update", "--check");
    assert.equal(check.code, 0, check.stderr);
    assert(check.stdout.includes(`ℹ️  New version available: v${NEW}\n`), check.stdout);
    assert.deepEqual(await place.names(), [platform.program]);

    const update = await place.run("update", "--yes");
    assert.equal(update.code, 0, update.stderr);
    assert.match(update.stdout, /✓ Signature verified\n[^]*✅ Successfully updated to v2025\.11\.2\n/);
    assert.equal(await place.installed(), "new");
    assert.deepEqual(await place.names(), [platform.program, `${platform.program}.backup`]);
    assert.equal(await fileDigest(`${place.executable}.backup`), platform.old.sha256);
    assert.equal((await place.run("--version")).stdout, `cco ${NEW}\n`);

    const back = await place.run("rollback");
    assert.equal(back.code, 0, back.stderr);
    assert.equal(await place.installed(), "old");
    const strays = (await place.names()).filter((entry) => entry !== platform.program);
    assert(strays.every((entry) => leftByRollback?.test(entry)), strays.join());

    const again = await place.run("update", "--yes", "--version", NEW);
    assert.equal(again.code, 0, again.stderr);
    assert.deepEqual(await place.names(), [platform.program, `${platform.program}.backup`]);
  });

  test(`a cco for ${name} reads and writes its settings, and explains itself`, async () => {
    await using place = await Place.make(platform);
    const set = await place.run("config", "set", "updates.channel", "beta");
    assert.equal(set.code, 0, set.stderr);
    assert.equal((await place.run("config", "get", "updates.channel")).stdout, "updates.channel = beta\n");
    assert.equal((await place.run("config", "set", "updates.channel", "stable")).code, 0);
    const doctor = await place.run("doctor", "--json");
    assert(Array.isArray(JSON.parse(doctor.stdout).findings), doctor.stdout + doctor.stderr);
    const explain = await place.run("explain");
    assert.equal(explain.code, 0, explain.stderr);
    assert(explain.stdout.includes(NEW) && explain.stdout.includes(name), explain.stdout);
  });

  test(`a downloaded cco for ${name} installs itself`, async () => {
    await using place = await Place.make(platform);
    const install = await place.run("install", "--json");
    assert.equal(install.code, 0, install.stdout + install.stderr);
    const found = await programsIn(place, platform.program);
    assert.equal(found.length, 2, found.join());
    for (const path of found) assert.equal(await fileDigest(path), platform.old.sha256);
  });

  test(`a cco for ${name} does not install a program that is another one`, async () => {
    await using place = await Place.make(platform);
    await publishManifest(platform.server, await withAnotherProgram(platform), RELEASE_KEY);
    try {
      const update = await place.run("update", "--yes");
      assert.equal(update.code, 5, update.stdout + update.stderr);
      assert.match(update.stderr, /^New binary verification failed.*it should print .*cco 2025\.11\.2/);
      assert.equal(await place.installed(), "old");
      assert.deepEqual(await place.names(), [platform.program]);
      assert.equal((await place.run("--version")).stdout, `cco ${OLD}\n`);
    } finally {
      await publishManifest(platform.server, platform.manifest, RELEASE_KEY);
    }
  });

  more(platform);

  const wanted = Number(Deno.env.get("CCO_KILLS") ?? kills);
  const skip = wanted === 0 && "CCO_KILLS asks for none";
  test(
    `a cco for ${name} killed at any moment of an update is the old or the new one`,
    { skip },
    async () => {
      console.log(`${name}: ${await killUpdates(platform, wanted)}`);
    },
  );

  test(`nothing of ${name} is left`, async () => {
    await platform[Symbol.asyncDispose]();
    assert(!await exists(platform.denoFolder));
  });
}

/** The newer version is another program, Deno: its digest is right, and it runs, but it is not what it should be. */
async function withAnotherProgram({ emulator, manifest, server }: Platform): Promise<ReleaseManifest> {
  const program = await emulatedDeno(emulator.platform);
  server.files.set(basename(program), program);
  const spoilt = structuredClone(manifest);
  spoilt.sequence++;
  spoilt.versions[NEW]!.platforms[emulator.platform] = {
    url: server.base + basename(program),
    sha256: await fileDigest(program),
    size: (await Deno.stat(program)).size,
  };
  return spoilt;
}

async function programsIn({ home }: Place, program: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(home, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && entry.name === program) found.push(join(entry.parentPath, entry.name));
  }
  return found;
}
