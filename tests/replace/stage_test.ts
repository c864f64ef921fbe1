import assert from "node:assert/strict";
import { test } from "node:test";
import type { ArchiveFormat } from "../../src/archive_format.ts";
import { atomicReplace } from "../../src/atomic_replace.ts";
import type { UpdateErrorCode } from "../../src/errors.ts";
import { failsWith } from "../support/fails_with.ts";
import { APP, appProgram, memoryPlace, NEW } from "../support/memory_place.ts";
import { digest, pack, type ReleaseParts } from "../support/release.ts";
import { tarGz } from "../support/tar_archive.ts";
import { unixMode, zip } from "../support/zip_archive.ts";

const FORMATS: ArchiveFormat[] = ["tar.gz", "zip", "gz", "br", "raw"];

for (const format of FORMATS) {
  test(`downloadVerified() stages the executable of a ${format} file beside the installed one`, async () => {
    const place = memoryPlace();
    const before = place.folder();
    const staged = await place.staged({ format });
    assert.match(staged.path, /^\/opt\/app\/\.app\.new-[0-9a-f]{16}$/);
    assert.equal(staged.executable, place.executable);
    assert.deepEqual([staged.sha256, staged.size], [digest(APP), APP.length]);
    const { app, [staged.path.slice(9)]: file, ...others } = place.folder();
    assert.equal(app, before["app"]);
    assert.equal(file, `file 755 ${new TextDecoder().decode(APP)}`);
    assert.deepEqual(Object.keys(others), [".app.update.json"]);
    assert.deepEqual(place.downloads(), []);
  });

  test(`downloadVerified() moves a ${format} file across file systems`, async () => {
    const place = memoryPlace({ devices: [{ path: "/home" }] });
    const staged = await place.staged({ format });
    assert.equal((await atomicReplace(staged, place.options)).outcome, "updated");
    assert.deepEqual(place.downloads(), []);
  });

  test(`downloadVerified() reads a ${format} file of which the manifest names no size and no executable`, async () => {
    const place = memoryPlace();
    const staged = await place.staged({ format, asset: { size: undefined, binary: undefined } });
    assert.equal(staged.sha256, digest(APP));
  });
}

const evil = appProgram("6.6.6");

const tarOf = (...entries: Parameters<typeof tarGz>) => tarGz(...entries);

const wanted = { name: "app", content: APP };

/** What is published, and how it is refused. */
const badReleases: [name: string, parts: Partial<ReleaseParts>, code: UpdateErrorCode][] = [
  ["is one byte too long", { asset: { size: pack(APP, "tar.gz").length - 1 } }, "SIZE_MISMATCH"],
  ["has other bytes than the manifest says", { asset: { sha256: digest(evil) } }, "DIGEST_MISMATCH"],
  [
    "has an executable of another digest",
    { asset: { binary: { path: "app", sha256: digest(evil), size: APP.length } } },
    "DIGEST_MISMATCH",
  ],
  [
    "has an executable that is too small",
    { asset: { binary: { path: "app", sha256: digest(APP), size: APP.length + 1 } } },
    "SIZE_MISMATCH",
  ],
  [
    "has an executable that is too large",
    { asset: { binary: { path: "app", sha256: digest(APP), size: APP.length - 1 } } },
    "TOO_LARGE",
  ],
  ["is no archive", { packed: new Uint8Array(600) }, "ARCHIVE_INVALID"],
  ["ends in the middle of the archive", { packed: pack(APP, "tar.gz").slice(0, -40) }, "ARCHIVE_INVALID"],
  ["has no executable", { packed: tarOf({ name: "README", content: APP }) }, "BINARY_NOT_FOUND"],
  ["is an empty archive", { packed: tarOf() }, "BINARY_NOT_FOUND"],
  ["has the executable in a folder", { packed: tarOf({ ...wanted, name: "bin/app" }) }, "BINARY_NOT_FOUND"],
  ["has the executable above itself", { packed: tarOf({ ...wanted, name: "../app" }) }, "BINARY_NOT_FOUND"],
  [
    "has the executable under an absolute name",
    { packed: tarOf({ ...wanted, name: "/app" }) },
    "BINARY_NOT_FOUND",
  ],
  ["has the executable in capitals", { packed: tarOf({ ...wanted, name: "APP" }) }, "BINARY_NOT_FOUND"],
  ["has two executables", { packed: tarOf(wanted, { name: "app", content: evil }) }, "ARCHIVE_INVALID"],
  [
    "has a link as executable",
    { packed: tarOf({ name: "app", type: "2", linkName: "/bin/sh" }) },
    "ARCHIVE_INVALID",
  ],
  [
    "has a hard link as executable",
    { packed: tarOf({ name: "app", type: "1", linkName: "README" }) },
    "ARCHIVE_INVALID",
  ],
  ["has a device as executable", { packed: tarOf({ name: "app", type: "3" }) }, "ARCHIVE_INVALID"],
  ["has a pipe as executable", { packed: tarOf({ name: "app", type: "6" }) }, "ARCHIVE_INVALID"],
  ["has a folder as executable", { packed: tarOf({ name: "app", type: "5" }) }, "ARCHIVE_INVALID"],
  [
    "has a link as executable in a zip",
    {
      format: "zip",
      packed: zip([{
        name: "app",
        content: new TextEncoder().encode("/bin/sh"),
        attributes: unixMode(0o120777),
      }]),
    },
    "ARCHIVE_INVALID",
  ],
  [
    "has two executables in a zip",
    { format: "zip", packed: zip([{ name: "app", content: APP }, { name: "app", content: evil }]) },
    "ARCHIVE_INVALID",
  ],
  ["is a zip that calls itself tar.gz", { packed: pack(APP, "zip") }, "ARCHIVE_INVALID"],
  ["is damaged gzip", { format: "gz", packed: pack(APP, "gz").slice(0, -4) }, "ARCHIVE_INVALID"],
  ["is damaged brotli", { format: "br", packed: pack(APP, "br").slice(0, -1) }, "ARCHIVE_INVALID"],
  ["is a raw executable of another digest than it should have", {
    format: "raw",
    asset: { binary: { path: "app", sha256: digest(evil), size: APP.length } },
  }, "DIGEST_MISMATCH"],
];

for (const [name, parts, code] of badReleases) {
  test(`downloadVerified() leaves nothing behind of a download that ${name}`, async () => {
    const place = memoryPlace();
    const before = place.folder();
    await failsWith(place.staged(parts), code);
    assert.deepEqual(place.folder(), before);
    assert.deepEqual(place.downloads(), []);
  });
}

test("downloadVerified() takes the executable under the name that the manifest gives", async () => {
  const place = memoryPlace();
  const content = appProgram(NEW);
  const packed = tarGz({ name: "app", content: evil }, { name: "app-2.0.0/bin/tool", content });
  const binary = { path: "app-2.0.0/bin/tool", sha256: digest(content), size: content.length };
  assert.equal((await place.staged({ packed, asset: { binary } })).sha256, digest(content));
});

test("downloadVerified() never takes the permissions or owner of an archive", async () => {
  const place = memoryPlace();
  const packed = tarGz({ ...wanted, mode: 0o6777 });
  const staged = await place.staged({ packed });
  const info = await place.runtime.fs.stat(staged.path);
  assert.deepEqual([info?.mode, info?.uid], [0o755, 1000]);
});
