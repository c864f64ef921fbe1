import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { verifyAssets, verifyExecutable } from "../../src/publish/mod.ts";
import { executableOf } from "../support/publisher.ts";
import { withRelease } from "../support/released.ts";
import { APP } from "../support/signed_release.ts";

test("verifyAssets() and verifyExecutable() tell good files from others", async () => {
  await withRelease(async ({ folder, runtime, from, place }) => {
    const changed = join(from, `${APP}-v1.0.0-darwin-arm64.gz`);
    const bytes = await readFile(changed);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(changed, bytes);
    await writeFile(join(from, `${APP}-v1.0.0-linux-x86_64.tar.gz`), "short");
    await rm(join(from, `${APP}-v1.0.0-windows-x86_64.exe`));
    const verdicts = (await verifyAssets(folder, from, "1.0.0", { runtime })).map(({ verdict }) => verdict);
    assert.deepEqual(verdicts, ["other digest", "other size", "missing"]);
    await assert.rejects(verifyAssets(folder, from, "9.0.0", { runtime }), RangeError);
    const path = join(await place("installed"), APP);
    await writeFile(path, executableOf("1.0.0", "linux-x86_64"));
    assert.deepEqual(await verifyExecutable(folder, path, { runtime }), {
      version: "1.0.0",
      platform: "linux-x86_64",
    });
    await writeFile(path, "another program");
    assert.equal(await verifyExecutable(folder, path, { runtime }), undefined);
  });
});
