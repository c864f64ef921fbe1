/**
 * A pair of executables that somebody else published: `@stdy/cli-linux-x64`, made by `deno compile` 2.7.11, of which
 * this project knows nothing but the digests.
 */

import { createTarPacker } from "modern-tar";
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { selfUpdate } from "../../mod.ts";
import { fileDigest } from "../../scripts/build_cache.ts";
import { hostPlatform } from "../../scripts/compile/platforms.ts";
import { namesIn } from "../../scripts/demo/home.ts";
import { startReleaseServer } from "../../scripts/demo/release_server.ts";
import { npmFile, type PinnedFile } from "../../scripts/npm_package.ts";

const ENTRY = "package/bin/steady";
const PACKAGE = { name: "@stdy/cli-linux-x64", file: "bin/steady" };
const BEFORE: PinnedFile = {
  ...PACKAGE,
  version: "0.22.1",
  sha256: "e17a9e7e35bb3a4ceb7a726255e1f28e61ba946caf949c16a12a80307b95c012",
};
const AFTER: PinnedFile = {
  ...PACKAGE,
  version: "0.22.2",
  sha256: "9716bb192746f093b86a280c5e30f87b5461fcefde4c275648357273b468bc8b",
};

test("selfUpdate() updates a program that somebody else compiled and published", {
  skip: hostPlatform() === "linux-x86_64" ? false : "the published pair runs on Linux x86_64 only",
}, async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "cco-steady-" });
  t.after(() => Deno.remove(folder, { recursive: true }));
  const executable = join(folder, "bin", "steady");
  await Deno.mkdir(join(folder, "bin"));
  await Deno.copyFile(await npmFile(BEFORE), executable);
  assert.equal(await versionOf(executable), "steady 0.22.1");

  const server = startReleaseServer();
  t.after(() => server[Symbol.asyncDispose]());
  const archive = join(folder, "steady-0.22.2.tgz");
  await packAsNpmDoes(await npmFile(AFTER), archive);
  server.files.set("steady-0.22.2.tgz", archive);
  server.files.set("version-manifest.json", { text: await manifestText(archive) });

  const result = await selfUpdate({
    app: "steady",
    currentVersion: "0.22.1",
    source: `${server.base}version-manifest.json`,
    executable,
    allowUnsigned: true,
    stateDirectory: join(folder, "state"),
  });

  assert.equal(result.outcome, "updated");
  assert.deepEqual([result.from, result.to], ["0.22.1", "0.22.2"]);
  assert.equal(await versionOf(executable), "steady 0.22.2");
  assert.equal(await fileDigest(executable), AFTER.sha256);
  assert.equal(await fileDigest(`${executable}.backup`), BEFORE.sha256);
  assert.deepEqual(await namesIn(join(folder, "bin")), ["steady", "steady.backup"]);
});

async function versionOf(executable: string): Promise<string> {
  const { stdout } = await new Deno.Command(executable, { args: ["--version"] }).output();
  return new TextDecoder().decode(stdout).trim();
}

/** With the executable under the name that it has in npm's own archive, after another file. */
async function packAsNpmDoes(executable: string, archive: string): Promise<void> {
  const { readable, controller } = createTarPacker();
  const target = await Deno.create(archive);
  const written = readable.pipeThrough(new CompressionStream("gzip")).pipeTo(target.writable);
  const about = new Blob([JSON.stringify({ name: PACKAGE.name, version: AFTER.version })]);
  await about.stream().pipeTo(
    controller.add({ name: "package/package.json", size: about.size, mode: 0o644 }),
  );
  const { size } = await Deno.stat(executable);
  await (await Deno.open(executable)).readable.pipeTo(controller.add({ name: ENTRY, size, mode: 0o755 }));
  controller.finalize();
  await written;
}

async function manifestText(archive: string): Promise<string> {
  const { size } = await Deno.stat(archive);
  const binary = { path: ENTRY, sha256: AFTER.sha256, size: (await Deno.stat(await npmFile(AFTER))).size };
  const asset = { url: "steady-0.22.2.tgz", sha256: await fileDigest(archive), size, binary };
  return JSON.stringify({
    app: "steady",
    latest: { stable: "0.22.2" },
    versions: { "0.22.2": { platforms: { "linux-x86_64": asset } } },
  });
}
