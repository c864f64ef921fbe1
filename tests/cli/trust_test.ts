/** What is built into `cco` decides whom it trusts, and what it refuses stops updates, never the program. */

import assert from "node:assert/strict";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { build, INIT, ok, placeKeys, SIGNED } from "./desk.ts";
import { scriptOf, TestWorld } from "./world.ts";

const NOW = Date.parse("2026-01-15T12:00:00Z");
const DAY = 24 * 3_600_000;

/** A release build of 0.9.0 that trusts the desk's keys, and version 1.0.0, published for 30 days under sequence 3. */
async function releaseWorld({ minimumSequence = 0 } = {}): Promise<TestWorld> {
  const world = await TestWorld.make("0.9.0");
  world.runtime = { ...world.runtime, now: () => NOW };
  await placeKeys(world);
  await ok(world, INIT);
  const root = await readFile(join(world.folder, "releases/1.root.json"), "utf8");
  world.build = { ...world.build, kind: "release", allowUnsigned: false, root, minimumSequence };
  await build(world, "1.0.0");
  await ok(world, `release add 1.0.0 --from build-1.0.0 ${SIGNED}`);
  await ok(world, `release promote 1.0.0 --channel stable --validity 30d ${SIGNED}`);
  return world;
}

async function refuses(world: TestWorld, reason: RegExp): Promise<void> {
  for (const words of ["update --check", "update --yes"]) {
    const { code, stderr } = await world.run(words);
    assert.equal(code, 5, stderr);
    assert.match(stderr, /^Signature verification failed: /);
    assert.match(stderr, reason);
  }
  assert.equal(await readFile(world.executable, "utf8"), scriptOf("0.9.0"));
}

test("T2: below the sequence that is built in nothing counts, whether the state is empty, emptied or forged", async () => {
  await using world = await releaseWorld({ minimumSequence: 4 });
  await refuses(world, /its sequence is 3, below 4/);
  const state = join(world.home, ".local/state/cco");
  await rm(join(state, "trust.json"), { force: true });
  await refuses(world, /its sequence is 3, below 4/);
  await mkdir(state, { recursive: true });
  await writeFile(join(state, "trust.json"), JSON.stringify({ version: 1, rootVersion: 0, roots: [] }));
  await refuses(world, /its sequence is 3, below 4/);
  await ok(world, `release refresh ${SIGNED}`);
  assert.match(await ok(world, "update --yes"), /Successfully updated to v1\.0\.0/);
});

test("T3: an expired manifest stops updates, and nothing else", async () => {
  await using world = await releaseWorld();
  assert.match(await ok(world, "update --check"), /New version available: v1\.0\.0/);
  world.runtime = { ...world.runtime, now: () => NOW + 31 * DAY };
  await refuses(world, /it expired at 2026-02-14T12:00:00Z/);
  for (const words of ["version", "--version", "config show", "explain --help", "update --list-backups"]) {
    await ok(world, words);
  }
  world.runtime = { ...world.runtime, now: () => NOW + 29 * DAY };
  assert.match(await ok(world, "update --yes"), /Successfully updated to v1\.0\.0/);
});
