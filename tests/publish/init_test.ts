import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { init, verify } from "../../src/publish/mod.ts";
import { withPublisher } from "../support/publisher.ts";
import { APP } from "../support/signed_release.ts";

test("init() makes a folder that a client trusts, without any secret, and never makes one twice", async () => {
  await withPublisher(async ({ folder, runtime, root, rootKey, key }) => {
    const names = (await readdir(folder, { recursive: true })).map((name) => name.replaceAll("\\", "/"))
      .sort();
    assert.deepEqual(names, [
      ".github",
      ".github/workflows",
      ".github/workflows/refresh.yml",
      "1.root.json",
      "1.root.json.minisig",
      "version-manifest.json",
      "version-manifest.json.minisig",
    ]);
    assert.equal(await readFile(join(folder, "1.root.json"), "utf8"), root);
    assert.deepEqual((await verify(folder, { runtime })).keyIds, [key.publicKey.id]);
    const again = init(folder, { app: APP, rootKeys: [rootKey], manifestKeys: [key], runtime });
    await assert.rejects(again, /has a .+ already/);
  });
});

test("init() refuses a threshold that its keys cannot reach, and writes nothing then", async () => {
  await withPublisher(async ({ place, runtime, rootKey, key }) => {
    const folder = await place("other");
    const options = { app: APP, rootKeys: [rootKey], manifestKeys: [key], manifestThreshold: 2, runtime };
    await assert.rejects(init(folder, options), /Cannot require 2 of 1/);
    await init(folder, { ...options, manifestThreshold: 1, dryRun: true });
    assert.deepEqual(await readdir(folder), []);
  });
});
