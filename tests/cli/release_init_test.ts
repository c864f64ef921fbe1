/** `cco release init` and `cco release keygen`. */

import assert from "node:assert/strict";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { INIT, ok, snapshot } from "./desk.ts";
import { manifestOf, openDesk, secretOf } from "./release_desk.ts";
import { TestWorld } from "./world.ts";

test("release keygen makes a key that is its owner's only, and never replaces one", async () => {
  await using world = await openDesk({ withFolder: false });
  const said = await ok(world, "release keygen fresh.key --no-password");
  const [, id, text] = /^→ public key ([0-9A-F]{16}): (RW\S{54})\n/.exec(said) ?? [];
  assert.equal((await stat(join(world.folder, "fresh.key"))).mode & 0o777, 0o600);
  const published = await readFile(join(world.folder, "fresh.key.pub"), "utf8");
  assert.equal(published, `untrusted comment: minisign public key ${id}\n${text}\n`);
  const before = await snapshot(world);
  assert.equal((await world.run("release keygen fresh.key --no-password")).code, 1);
  assert.deepEqual(await snapshot(world), before);
});

test("release init --make-keys makes keys outside of the release folder only", async () => {
  await using world = await TestWorld.make();
  const inside = await world.run("release init releases --make-keys releases/keys --no-password");
  assert.equal(inside.code, 2);
  assert.match(inside.stderr, /everybody can read the release folder/);
  await ok(world, "release init releases --make-keys keys --no-password --app demo");
  assert.equal((await stat(join(world.folder, "keys/root.key"))).mode & 0o777, 0o600);
  await ok(world, "release refresh --folder releases --key-file keys/release.key");
  assert.equal((await manifestOf(world)).app, "demo");
  const secrets = await Promise.all(["root", "release"].map((name) => secretOf(world, `keys/${name}.key`)));
  const served = Object.entries(await snapshot(world)).filter(([path]) => path.includes("/releases/"));
  for (const [path, base64] of served) {
    for (const secret of secrets) assert(!atob(base64).includes(secret), path);
  }
});

test("release init --make-keys makes no keys in a dry run, nor when the release folder cannot be made", async () => {
  await using world = await openDesk();
  const before = await snapshot(world);
  const dry = await ok(world, "release init other --make-keys keys --dry-run");
  assert.match(
    dry,
    /ℹ️ {2}Would write .*keys\/root\.key\n[^]*Would write version-manifest\.json\nNothing was changed\n$/,
  );
  const there = await world.run("release init releases --make-keys keys --no-password");
  assert.equal(there.code, 2);
  assert.match(there.stderr, /^Cannot make a release folder at .*releases: it has a .* already/);
  assert.deepEqual(await snapshot(world), before);
  await writeFile(join(world.folder, "release.key.pub"), "mine");
  const taken = await world.run("release init other --make-keys . --no-password");
  assert.equal(taken.code, 2);
  assert.match(taken.stderr, /^Cannot make a key at .*root\.key: there is a file already/);
});

test("release init --dry-run finds that there is a release folder already", async () => {
  await using world = await openDesk();
  assert.match((await world.run(`${INIT} --dry-run`)).stderr, /it has a .* already/);
});
