/** `cco release rotate`. */

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { signManifest, testKey } from "../support/signed_release.ts";
import { placeKey, snapshot } from "./desk.ts";
import { manifestOf, openDesk } from "./release_desk.ts";

test("release rotate signs no manifest of a thief who left the highest sequence: exit 2, with the mend", async () => {
  await using world = await openDesk();
  const path = join(world.folder, "releases/version-manifest.json");
  const forged = { ...await manifestOf(world), sequence: Number.MAX_SAFE_INTEGER };
  const { bytes, signature } = await signManifest(JSON.stringify(forged), [await testKey(2)]);
  await writeFile(path, bytes);
  await writeFile(`${path}.minisig`, signature!);
  await placeKey(world, "new.key", 3);
  const before = await snapshot(world);
  const { code, stderr } = await world.run(
    "release rotate --folder releases --root-key-file root.key --public new.key.pub --key-file new.key",
  );
  assert.equal(code, 2);
  assert.match(
    stderr,
    /leaves no room for later ones.*; restore the last good version-manifest\.json .*, then rotate/,
  );
  assert.deepEqual(await snapshot(world), before);
  const lint = await world.run("release lint --folder releases");
  assert.equal(lint.code, 1);
  assert.match(lint.stdout, /^❌ sequence: 9007199254740991 leaves no room/);
});
