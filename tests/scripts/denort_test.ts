import assert from "node:assert/strict";
import { test } from "node:test";
import { fileDigest } from "../../scripts/build_cache.ts";
import { isRecoveredDenort, recoverableDenos, recoveredDenort } from "../../scripts/denort.ts";
import { DENORT_PINS } from "../../scripts/denort/pins.ts";

test("recoveredDenort() gives the pinned bytes for every platform", async (t) => {
  const cache = Deno.makeTempDirSync({ prefix: "cco-denort-" });
  t.after(() => Deno.removeSync(cache, { recursive: true }));
  for (const { deno, platform, sha256 } of DENORT_PINS) {
    const path = await recoveredDenort(deno, platform, cache);
    assert.equal(await fileDigest(path), sha256, `${deno} ${platform}`);
    assert(await isRecoveredDenort(path));
  }
});

test("recoverableDenos() prefers the pinned Deno and has one for each platform", () => {
  assert.deepEqual(recoverableDenos("linux-x86_64"), ["2.9.4", "2.7.11"]);
  assert.deepEqual(recoverableDenos("darwin-arm64"), ["2.7.11"]);
  assert.deepEqual(recoverableDenos("plan9-mips"), []);
});

test("recoveredDenort() refuses a version of Deno that it knows nothing about", async () => {
  await assert.rejects(recoveredDenort("1.0.0", "linux-x86_64"), /no published executable is known/);
});
