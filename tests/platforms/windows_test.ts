/** Windows, under wine. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Place } from "./support/place.ts";
import { updateTests } from "./support/update_tests.ts";

const facts = {
  platform: "windows-x86_64",
  leftByRollback: /^\.cco\.exe\.old-[0-9a-f]{16}\.exe$/,
  kills: 30,
} as const;

await updateTests(facts, (platform) => {
  test("recover() of another program mends an update that died between its two renames on Windows", async () => {
    await using place = await Place.make(platform);
    const { code, stderr } = await place.runLibrary("die-between-renames");
    assert.equal(code, 99, stderr);
    assert.equal(await place.installed(), "none");
    const recovered = await place.runLibrary("recover");
    assert.equal(recovered.code, 0, recovered.stderr);
    assert.equal(await place.installed(), "old");
    assert.deepEqual(await place.names(), [platform.program]);
    assert.equal((await place.run("update", "--yes")).code, 0);
    assert.equal(await place.installed(), "new");
  });
});
