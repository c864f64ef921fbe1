/** `cco release verify`. */

import assert from "node:assert/strict";
import { copyFile, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { build, ok, placeKey, SIGNED, snapshot } from "./desk.ts";
import { openDesk } from "./release_desk.ts";
import { scriptOf, type TestWorld } from "./world.ts";

test("release verify compares files and an executable with the manifest, and exits 5 when one differs", async () => {
  await using world = await openDesk();
  const folder = await build(world, "1.0.0");
  await ok(world, `release add 1.0.0 --from ${folder} ${SIGNED}`);
  const program = join(world.folder, "program");
  await writeFile(program, scriptOf("1.0.0"));
  const verify = `release verify --folder releases --assets ${folder} --version 1.0.0 --executable program`;
  const good = await ok(world, verify);
  assert.match(
    good,
    / {2}✓ cco-v1\.0\.0-linux-x86_64\.tar\.gz\n {2}✓ The executable is 1\.0\.0 for linux-x86_64\n$/,
  );

  await writeFile(program, scriptOf("1.0.1"));
  const other = await world.run(verify);
  assert.equal(other.code, 5);
  assert.match(other.stdout, /❌ The manifest does not have this executable\n$/);
  assert.match(other.stderr, /^Checksum verification failed/);

  const archive = join(world.folder, folder, "cco-v1.0.0-linux-x86_64.tar.gz");
  const bytes = await readFile(archive);
  bytes[40]! ^= 1;
  await writeFile(archive, bytes);
  const assets = `release verify --folder releases --assets ${folder} --version 1.0.0`;
  assert.match((await world.run(assets)).stdout, /❌ cco-v1\.0\.0-linux-x86_64\.tar\.gz: other digest/);
  await rm(archive);
  const { code, document } = await world.json(assets);
  assert.equal(code, 5);
  assert.deepEqual(document["files"], [{
    name: "cco-v1.0.0-linux-x86_64.tar.gz",
    version: "1.0.0",
    platform: "linux-x86_64",
    verdict: "missing",
  }]);
});

test("release verify says of a changed manifest what a client would say", async () => {
  await using world = await openDesk();
  const path = join(world.folder, "releases/version-manifest.json");
  await writeFile(path, (await readFile(path, "utf8")).replace('"sequence": 1', '"sequence": 9'));
  const { code, stderr } = await world.run("release verify --folder releases");
  assert.equal(code, 5);
  assert.match(stderr, /^Signature verification failed: /);
});

test("release verify --root does not believe a folder whose first root is another", async () => {
  await using world = await openDesk();
  await copyFile(join(world.folder, "releases/1.root.json"), join(world.folder, "compiled-in.json"));
  await ok(world, "release verify --folder releases --root compiled-in.json");
  await rm(join(world.folder, "releases"), { recursive: true });
  await placeKey(world, "thief.key", 9);
  await ok(world, "release init releases --root-key-file thief.key --key-file thief.key");
  await ok(world, "release verify --folder releases");
  for (const more of ["", " --executable root.key"]) {
    const { code, stderr } = await world.run(
      `release verify --folder releases --root compiled-in.json${more}`,
    );
    assert.equal(code, 5);
    assert.match(stderr, /^Signature verification failed: /);
  }
});

test("release verify takes a folder, its manifest, and the address where clients find it", async () => {
  await using world = await openDesk();
  const folder = await build(world, "1.0.0");
  await ok(world, `release add 1.0.0 --from ${folder} ${SIGNED}`);
  await copyFile(join(world.folder, "releases/1.root.json"), join(world.folder, "compiled-in.json"));
  await writeFile(join(world.folder, "program"), scriptOf("1.0.0"));
  const said = await ok(world, "release verify --folder releases");
  const address = `${world.address}/version-manifest.json`;
  assert.equal((await world.json("release verify releases")).document["consistencyOnly"], true);
  for (const place of ["releases", "releases/version-manifest.json", address]) {
    // T11: whoever controls the server could serve a root of their own.
    const warning = place === address
      ? /^⚠️ {2}Only consistency was checked: .* --root 1\.root\.json\n$/
      : /^$/;
    const plain = await ok(world, `release verify ${place}`);
    assert(plain.startsWith(said), place);
    assert.match(plain.slice(said.length), warning, place);
    const { document } = await world.json(`release verify ${place} --root compiled-in.json`);
    assert.equal(document["consistencyOnly"], false);
    const more = `--root compiled-in.json --assets ${folder} --version 1.0.0 --executable program`;
    const whole = await ok(world, `release verify ${place} ${more}`);
    assert(whole.startsWith(said), place);
    assert.match(whole, / {2}✓ The executable is 1\.0\.0 for linux-x86_64\n$/);
  }
  await placeKey(world, "new.key", 3);
  const keys = "--root-key-file root.key --public new.key.pub --key-file new.key";
  await ok(world, `release rotate --folder releases ${keys}`);
  assert.match(
    await ok(world, `release verify ${address} --root compiled-in.json`),
    /, root 2, sequence 2\n/,
  );
  const state = await snapshot(world);
  assert.deepEqual(Object.keys(state).filter((path) => /trust\.json|cache/.test(path)), []);
});

const unverified: [
  what: string,
  change: (world: TestWorld) => Promise<unknown>,
  code: number,
  stderr: RegExp,
][] = [
  [
    "another publisher's release",
    async (world) => {
      await rm(join(world.folder, "releases"), { recursive: true });
      await placeKey(world, "thief.key", 9);
      await ok(world, "release init releases --root-key-file thief.key --key-file thief.key");
    },
    5,
    /^Signature verification failed: .* not by a trusted key/,
  ],
  [
    "a manifest that was changed",
    (world) => changeManifest(world, (text) => text.replace('"sequence": 1', '"sequence": 9')),
    5,
    /^Signature verification failed: .* does not fit/,
  ],
  [
    "no manifest",
    (world) => rm(join(world.folder, "releases/version-manifest.json")),
    4,
    /^Cannot find a manifest at /,
  ],
];

async function changeManifest(world: TestWorld, change: (text: string) => string): Promise<void> {
  const path = join(world.folder, "releases/version-manifest.json");
  await writeFile(path, change(await readFile(path, "utf8")));
}

for (const [what, change, code, stderr] of unverified) {
  test(`release verify of an address with ${what} exits ${code}`, async () => {
    await using world = await openDesk();
    await copyFile(join(world.folder, "releases/1.root.json"), join(world.folder, "compiled-in.json"));
    await change(world);
    const answer = await world.run(
      `release verify ${world.address}/version-manifest.json --root compiled-in.json`,
    );
    assert.equal(answer.code, code, answer.stderr);
    assert.match(answer.stderr, stderr);
    assert.equal(answer.stdout, "");
  });
}
