import assert from "node:assert/strict";
import { test } from "node:test";
import { rotate, verify } from "../../src/publish/mod.ts";
import { DAY } from "../support/publisher.ts";
import { withRelease } from "../support/released.ts";
import { testKey } from "../support/signed_release.ts";

test("rotate() with lost manifest keys revives a manifest that has expired", async () => {
  await withRelease(async ({ folder, runtime, rootKey, clock }) => {
    clock.now += 100 * DAY;
    await assert.rejects(verify(folder, { runtime }), { code: "UNTRUSTED" });
    const fresh = await testKey(7);
    const manifest = { keys: [fresh.publicKey.text] };
    const { files } = await rotate(folder, { manifest, rootKeys: [rootKey], manifestKeys: [fresh], runtime });
    assert.ok(files.includes("version-manifest.json"));
    assert.deepEqual((await verify(folder, { runtime })).keyIds, [fresh.publicKey.id]);
  });
});

test("rotate() changes the root's own keys only with both the old and the new one", async () => {
  await withRelease(async ({ folder, runtime, rootKey }) => {
    const next = await testKey(8);
    const root = { keys: [next.publicKey.text] };
    for (const rootKeys of [[rootKey], [next]]) {
      await assert.rejects(rotate(folder, { root, rootKeys, manifestKeys: [], runtime }), {
        code: "UNTRUSTED",
      });
    }
    await rotate(folder, { root, rootKeys: [rootKey, next], manifestKeys: [], runtime });
    assert.equal((await verify(folder, { runtime })).root, 2);
    await rotate(folder, { rootKeys: [next], manifestKeys: [], runtime });
    assert.equal((await verify(folder, { runtime })).root, 3);
  });
});
