import assert from "node:assert/strict";
import { test } from "node:test";
import { checkForUpdate } from "../src/check_for_update.ts";
import { downloadVerified } from "../src/download_verified.ts";
import type { UpdateErrorCode } from "../src/errors.ts";
import { failsWith } from "./support/fails_with.ts";
import { APP, memoryPlace, NEW } from "./support/memory_place.ts";
import { digest, pack, release } from "./support/release.ts";
import { joined } from "./support/tar_archive.ts";

const localFiles: [name: string, content: Uint8Array | undefined, code: UpdateErrorCode][] = [
  ["is not there", undefined, "HTTP_STATUS"],
  ["is too short", pack(APP, "tar.gz").slice(1), "SIZE_MISMATCH"],
  ["is too long", joined(pack(APP, "tar.gz"), new Uint8Array(1)), "SIZE_MISMATCH"],
  ["has other bytes", pack(APP, "tar.gz").map((byte, i) => i === 20 ? byte ^ 1 : byte), "DIGEST_MISMATCH"],
];

for (const [name, content, code] of localFiles) {
  test(`downloadVerified() from a folder leaves nothing behind of a file that ${name}`, async () => {
    const place = memoryPlace();
    const before = place.folder();
    const made = release({ version: NEW, content: APP });
    place.machine.put("/srv/version-manifest.json", made.manifest);
    if (content !== undefined) place.machine.put(`/srv/${made.name}`, content);
    const update = await checkForUpdate("file:///srv/", place.options);
    await failsWith(downloadVerified(update!, place.options), code);
    assert.deepEqual(place.folder(), before);
    assert.deepEqual(place.downloads(), []);
    place.machine.put(`/srv/${made.name}`, made.packed);
    assert.equal((await downloadVerified(update!, place.options)).sha256, digest(APP));
  });
}

test("downloadVerified() reads no file of this machine for a manifest from elsewhere", async () => {
  const place = memoryPlace();
  const before = place.folder();
  place.machine.put("/srv/app.tar.gz", pack(APP, "tar.gz"));
  place.publish({ asset: { url: "file:///srv/app.tar.gz" } });
  await failsWith(downloadVerified(await place.check(), place.options), "ADDRESS_REFUSED");
  assert.deepEqual(place.folder(), before);
});
