import assert from "node:assert/strict";
import { test } from "node:test";
import { downloadVerified, type DownloadVerifiedOptions } from "../src/download_verified.ts";
import type { UpdateErrorCode } from "../src/errors.ts";
import { failsWith } from "./support/fails_with.ts";
import { type MemoryPlace, memoryPlace } from "./support/memory_place.ts";

test("downloadVerified() says that the folder cannot be written before it downloads anything", async () => {
  const place = memoryPlace({ mode: 0o755 });
  place.machine.putFolder("/opt/app", { mode: 0o555 });
  await refusesBeforeDownload(place, "NOT_WRITABLE");
});

test("downloadVerified() says that the file system is read-only before it downloads anything", async () => {
  const place = memoryPlace({ devices: [{ path: "/opt", isReadOnly: true }] });
  await refusesBeforeDownload(place, "NOT_WRITABLE");
});

test("downloadVerified() says that the state folder cannot be written", async () => {
  const place = memoryPlace();
  const before = place.folder();
  place.machine.putFolder(place.state("downloads"), { mode: 0o555 });
  await failsWith(place.staged(), "NOT_WRITABLE");
  assert.deepEqual(place.folder(), before);
});

test("downloadVerified() says that there is no executable", async () => {
  const place = memoryPlace();
  place.publish();
  const executable = place.beside("other");
  const downloading = downloadVerified(await place.check(), { ...place.options, executable });
  await failsWith(downloading, "REPLACE_FAILED", { path: executable });
});

async function refusesBeforeDownload(
  place: MemoryPlace,
  code: UpdateErrorCode,
  options: Partial<DownloadVerifiedOptions> = {},
): Promise<void> {
  place.publish();
  const update = await place.check();
  const before = place.folder();
  const count = place.machine.operations.log.length;
  await failsWith(downloadVerified(update, { ...place.options, ...options }), code);
  assert(place.machine.operations.log.slice(count).every(({ name }) => name !== "fetch"));
  assert.deepEqual(place.folder(), before);
}
