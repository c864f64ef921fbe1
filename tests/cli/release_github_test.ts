/** GitHub-only mode: what `cco release sign` makes of `checksums.sha256` is what `cco update` asks for. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { build, ok, placeKey, placeKeys } from "./desk.ts";
import { scriptOf, TestWorld } from "./world.ts";

const DOWNLOADS = "https://github.com/o/r/releases/download/v1.0.0/";
const SUMS = "checksums.sha256";

/** A world whose `cco` trusts the desk's release key and looks at a repository without manifest. */
async function githubWorld(): Promise<TestWorld> {
  const world = await TestWorld.make("0.9.0");
  const { key } = await placeKeys(world);
  const sources = ["github:o/r"];
  const keys = [key.publicKey.text];
  world.build = { ...world.build, kind: "release", sources, keys, allowUnsigned: false };
  const folder = await build(world, "1.0.0");
  const name = "cco-v1.0.0-linux-x86_64.tar.gz";
  const sha256 = createHash("sha256").update(await readFile(at(world, folder, name))).digest("hex");
  await writeFile(at(world, folder, SUMS), `${sha256}  ${name}\n`);
  world.runtime = { ...world.runtime, fetch: (url) => answer(world, folder, url) };
  return world;
}

function at(world: TestWorld, ...names: string[]): string {
  return join(world.folder, ...names);
}

/** GitHub, as far as `cco` asks it: one release with whatever is in the folder. */
async function answer(world: TestWorld, folder: string, url: string): Promise<Response> {
  const names = ["cco-v1.0.0-linux-x86_64.tar.gz", SUMS, `${SUMS}.minisig`];
  const read = (name: string) => readFile(at(world, folder, name)).catch(() => undefined);
  if (url.startsWith("https://api.github.com/repos/o/r/releases?")) {
    const files = await Promise.all(names.map(async (name) => ({ name, bytes: await read(name) })));
    const assets = files.flatMap(({ name, bytes }) =>
      bytes === undefined ? [] : [{ name, size: bytes.length, browser_download_url: DOWNLOADS + name, url }]
    );
    const release = { tag_name: "v1.0.0", draft: false, prerelease: false, assets };
    return Response.json([release]);
  }
  const name = names.find((name) => url === DOWNLOADS + name);
  const bytes = name === undefined ? undefined : await read(name);
  return bytes === undefined ? new Response(null, { status: 404 }) : new Response(new Uint8Array(bytes));
}

test("a release without manifest is installed when its checksums are signed, and doctor names what is missing", async () => {
  await using world = await githubWorld();
  await ok(world, "release sign build-1.0.0/checksums.sha256 --key-file release.key");
  const doctor = await world.run("doctor");
  assert.match(doctor.stdout, /• Manifest: it never expires, so that a frozen mirror would not be noticed\n/);
  assert.match(await ok(world, "update --yes"), /✓ Signature verified[^]*Successfully updated to v1\.0\.0/);
  assert.equal(await readFile(world.executable, "utf8"), scriptOf("1.0.0"));
});

const forged: [what: string, forge: (world: TestWorld) => Promise<unknown>][] = [
  ["not signed", () => Promise.resolve()],
  ["signed by another key", async (world) => {
    await placeKey(world, "other.key", 7);
    await ok(world, `release sign build-1.0.0/${SUMS} --key-file other.key`);
  }],
  ["signed for another program", async (world) => {
    await ok(world, `release sign build-1.0.0/${SUMS} --key-file release.key --app other`);
  }],
  ["signed under another name", async (world) => {
    const path = at(world, "build-1.0.0", SUMS);
    await writeFile(`${path}.txt`, await readFile(path));
    await ok(world, `release sign build-1.0.0/${SUMS}.txt --key-file release.key`);
    await rename(`${path}.txt.minisig`, `${path}.minisig`);
  }],
  ["changed after they were signed", async (world) => {
    await ok(world, `release sign build-1.0.0/${SUMS} --key-file release.key`);
    await writeFile(at(world, "build-1.0.0", SUMS), `${"0".repeat(64)}  cco-v1.0.0-linux-x86_64.tar.gz\n`);
  }],
];

for (const [what, forge] of forged) {
  test(`a release without manifest whose checksums are ${what} is not installed`, async () => {
    await using world = await githubWorld();
    await forge(world);
    const { code, stderr } = await world.run("update --yes");
    assert.equal(code, 5, stderr);
    assert.match(stderr, /^Signature verification failed: /);
    assert.equal(await readFile(world.executable, "utf8"), scriptOf("0.9.0"));
  });
}

test("a file that is not the one in the signed checksums is not installed", async () => {
  await using world = await githubWorld();
  await ok(world, `release sign build-1.0.0/${SUMS} --key-file release.key`);
  await build(world, "1.0.1");
  await rename(
    at(world, "build-1.0.1", "cco-v1.0.1-linux-x86_64.tar.gz"),
    at(world, "build-1.0.0", "cco-v1.0.0-linux-x86_64.tar.gz"),
  );
  const { code, stderr } = await world.run("update --yes");
  assert.equal(code, 5, stderr);
  assert.match(stderr, /^Checksum verification failed: /);
  assert.equal(await readFile(world.executable, "utf8"), scriptOf("0.9.0"));
});
