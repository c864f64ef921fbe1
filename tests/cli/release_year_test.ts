/** A publisher's whole year by `cco release`, and what `cco update` makes of it on two machines. */

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { build, INIT, ok, placeKey, placeKeys, SIGNED } from "./desk.ts";
import { scriptOf, TestWorld } from "./world.ts";

const JANUARY = Date.parse("2026-01-15T12:00:00Z");
const DAY = 24 * 3_600_000;
const MANIFESTS = ["version-manifest.json", "version-manifest.json.minisig"];

test("a publisher's whole year by commands: who slept through all of it is updated safely at the end", async () => {
  await using desk = await TestWorld.make("0.9.0");
  await using other = await TestWorld.make("0.9.0");
  let now = JANUARY;
  for (const world of [desk, other]) world.runtime = { ...world.runtime, now: () => now };
  await placeKeys(desk);
  await ok(desk, INIT);
  const root = await readFile(join(desk.folder, "releases/1.root.json"), "utf8");
  const { sources } = desk.build;
  for (const world of [desk, other]) {
    world.build = { ...world.build, kind: "release", allowUnsigned: false, root, sources };
  }
  const release = async (version: string, signed = SIGNED) => {
    await build(desk, version);
    await ok(desk, `release add ${version} --from build-${version} ${signed}`);
  };

  // January: the first release. One machine then sleeps.
  await release("1.0.0");
  await ok(desk, `release promote 1.0.0 --channel stable ${SIGNED}`);
  await update(desk, "1.0.0");
  await update(other, "1.0.0");

  // February: beta, then stable.
  now += 30 * DAY;
  await release("1.1.0");
  await ok(desk, `release promote 1.1.0 --channel beta ${SIGNED}`);
  assert.equal(await offered(desk), undefined);
  assert.equal(await offered(desk, "--channel beta"), "1.1.0");
  await ok(desk, `release promote 1.1.0 --channel stable ${SIGNED}`);
  await update(desk, "1.1.0");

  // March: a staged rollout, paused over a weekend and resumed where it was.
  now += 30 * DAY;
  await release("1.2.0");
  await ok(desk, `release rollout 1.2.0 --percent 0 --duration 96h --fallback 1.1.0 ${SIGNED}`);
  await ok(desk, `release promote 1.2.0 --channel stable ${SIGNED}`);
  assert.equal(await offered(desk), undefined);
  now += DAY;
  assert.match(await ok(desk, `release rollout 1.2.0 --pause ${SIGNED}`), /→ paused at 25 %/);
  now += 2 * DAY;
  await ok(desk, `release rollout 1.2.0 --resume ${SIGNED}`);
  now += 3 * DAY + 1000;
  await update(desk, "1.2.0");

  // April: it is bad. Who has it is offered the one before.
  now += 30 * DAY;
  await ok(desk, `release yank 1.2.0 --reason broken ${SIGNED}`);
  await update(desk, "1.1.0");

  // June: the key is lost. The offline key names another one, and the old one signs nothing any more.
  now += 60 * DAY;
  await placeKey(desk, "new.key", 3);
  const fresh = "--folder releases --key-file new.key";
  await ok(desk, `release rotate --root-key-file root.key --public new.key.pub ${fresh}`);
  const stolen = await keep(desk);
  await release("1.3.0", fresh);
  await ok(desk, `release promote 1.3.0 --channel stable ${fresh}`);
  assert.equal((await desk.run(`release refresh ${SIGNED}`)).code, 5);
  await update(desk, "1.3.0");

  // November: the sleeper wakes. Whoever shows it the manifest of June gets nowhere; the real one brings it up to date.
  now += 150 * DAY;
  await ok(desk, `release refresh ${fresh}`);
  const served = await keep(desk);
  await serve(desk, stolen);
  const replayed = await other.run("update --yes");
  assert.equal(replayed.code, 5);
  assert.match(replayed.stderr, /^Signature verification failed: .* expired/);
  assert.equal(await readFile(other.executable, "utf8"), scriptOf("1.0.0"));
  await serve(desk, served);
  await update(other, "1.3.0");
  assert.equal(await offered(desk), undefined);
  assert.match(await ok(desk, "release verify --folder releases"), /, root 2, sequence 15\n/);
});

/** Installs what is offered, and goes on as that version. */
async function update(world: TestWorld, version: string): Promise<void> {
  const { code, stdout, stderr } = await world.run("update --yes");
  assert.equal(code, 0, stderr);
  assert.match(stdout, new RegExp(`✓ Signature verified[^]*Successfully updated to v${version}`));
  assert.equal(await readFile(world.executable, "utf8"), scriptOf(version));
  world.build = { ...world.build, version };
}

async function offered(world: TestWorld, flags = ""): Promise<string | undefined> {
  const { code, document } = await world.json(`update --check ${flags}`);
  assert.equal(code, 0, JSON.stringify(document));
  return (document["update"] as { version: string } | null)?.version;
}

/** What is served now: a copy. */
async function keep(world: TestWorld): Promise<Buffer[]> {
  return await Promise.all(MANIFESTS.map((name) => readFile(join(world.folder, "releases", name))));
}

async function serve(world: TestWorld, files: readonly Buffer[]): Promise<void> {
  for (const [index, name] of MANIFESTS.entries()) {
    await writeFile(join(world.folder, "releases", name), files[index]!);
  }
}
