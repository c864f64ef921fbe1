import assert from "node:assert/strict";
import { test } from "node:test";
import type { ArchiveFormat } from "../src/archive_format.ts";
import { downloadVerified } from "../src/download_verified.ts";
import { failsWith } from "./support/fails_with.ts";
import { APP, memoryPlace } from "./support/memory_place.ts";
import { joined } from "./support/tar_archive.ts";

const fullDisks: [name: string, options: Parameters<typeof memoryPlace>[0], format: ArchiveFormat][] = [
  ["of the state folder, while downloading", { devices: [{ path: "/home", capacity: 100 }] }, "raw"],
  ["of the executable, while unpacking", { devices: [{ path: "/opt", capacity: 700 }] }, "tar.gz"],
  ["of the executable, while copying", { devices: [{ path: "/opt", capacity: 700 }] }, "raw"],
];

for (const [name, options, format] of fullDisks) {
  test(`downloadVerified() leaves nothing beside the executable when the disk ${name}, is full`, async () => {
    const place = memoryPlace(options);
    const before = place.folder();
    // Too large for what is left, and hard to compress.
    const noise = Uint8Array.from({ length: 600 }, (_, i) => (i * i * 31 + i) % 251);
    const content = joined(APP, noise);
    const error = await failsWith(place.staged({ format, content }), "DISK_FULL");
    assert.match(error.message, /make room|free/);
    assert.deepEqual(place.folder(), before);
  });
}

for (const [folder, free] of [["/home/user/.local/state/app/downloads", 20], ["/opt/app", 21]] as const) {
  test(`downloadVerified() asks for no file when there is no room for it in ${folder}`, async () => {
    const place = memoryPlace();
    place.publish({ format: "raw" });
    const update = await place.check();
    let asked = 0;
    place.serve(new URL(update.asset.urls[0]!).pathname.slice(1), () => {
      asked++;
      return new Response(APP as Uint8Array<ArrayBuffer>);
    });
    const freeSpace = (path: string) => Promise.resolve(path === folder ? free : 1e9);
    Object.assign(place.runtime.fs, { freeSpace });
    const pending = downloadVerified(update, place.options);
    const { details, message } = await failsWith(pending, "DISK_FULL");
    const { size } = update.asset;
    assert(size !== undefined && size > free);
    assert.deepEqual(details, { path: folder, needed: size, available: free });
    assert.match(message, new RegExp(`${folder}: ${size} bytes are needed, ${free} are free; make room`));
    assert.equal(asked, 0);
    assert.deepEqual(place.downloads(), []);
    assert.deepEqual(Object.keys(place.folder()), ["app"]);
  });
}
