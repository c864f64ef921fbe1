import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { add, verifyAssets } from "../../src/publish/mod.ts";
import { executableOf, writeAssets } from "../support/publisher.ts";
import { withRelease } from "../support/released.ts";
import { APP } from "../support/signed_release.ts";

test("add() digests each archive and the executable inside", async () => {
  await withRelease(async ({ folder, runtime, from }) => {
    const { versions } = JSON.parse(await readFile(join(folder, "version-manifest.json"), "utf8"));
    const { platforms } = versions["1.0.0"];
    assert.deepEqual(Object.keys(platforms), ["darwin-arm64", "linux-x86_64", "windows-x86_64"]);
    for (
      const [platform, { binary, size, url }] of Object.entries<Record<string, Record<string, unknown>>>(
        platforms,
      )
    ) {
      const executable = executableOf("1.0.0", platform);
      assert.equal(binary!["sha256"], await sha256(executable));
      assert.equal(binary!["size"], executable.length);
      const name = String(url).replace("https://example.com/", "");
      assert.equal(size, (await readFile(join(from, name))).length);
    }
    assert.deepEqual((await verifyAssets(folder, from, "1.0.0", { runtime })).map(({ verdict }) => verdict), [
      "good",
      "good",
      "good",
    ]);
  });
});

test("add() refuses a version twice, a folder without its files, and files that contradict checksums.sha256", async () => {
  await withRelease(async ({ folder, runtime, key, from, place }) => {
    const options = { keys: [key], runtime };
    await assert.rejects(add(folder, { ...options, version: "1.0.0", from }), /has it already/);
    await assert.rejects(
      add(folder, { ...options, version: "2.0.0", from }),
      /has no file named demo-v2.0.0-/,
    );
    const other = await place("2.0.0");
    await writeAssets(other, "2.0.0");
    await writeFile(join(other, "checksums.sha256"), `${"0".repeat(64)}  ${APP}-v2.0.0-darwin-arm64.gz\n`);
    await assert.rejects(add(folder, { ...options, version: "2.0.0", from: other }), /has another digest/);
    await writeFile(join(other, `${APP}-v2.0.0-linux-x86_64.tar.gz`), "no archive");
    await rm(join(other, "checksums.sha256"));
    await assert.rejects(add(folder, { ...options, version: "2.0.0", from: other }), {
      code: "ARCHIVE_INVALID",
    });
  });
});

async function sha256(bytes: Uint8Array): Promise<string> {
  const { sha256 } = await import("../../src/bytes.ts");
  return await sha256(Uint8Array.from(bytes));
}
