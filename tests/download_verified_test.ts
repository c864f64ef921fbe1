import assert from "node:assert/strict";
import { test } from "node:test";
import { downloadVerified } from "../src/download_verified.ts";
import type { Progress, UpdatePhase } from "../src/progress.ts";
import { failsWith } from "./support/fails_with.ts";
import { APP, memoryPlace } from "./support/memory_place.ts";
import { digest, pack } from "./support/release.ts";

test("T3: downloadVerified() takes nothing whose manifest has expired since the check", async () => {
  const place = memoryPlace();
  place.publish();
  const { options } = place;
  const update = await place.check();
  const before = place.folder();
  const now = place.runtime.now();
  for (const expires of [now, now - 1]) {
    await failsWith(downloadVerified({ ...update, expires }, options), "UNTRUSTED", { reason: "expired" });
  }
  assert.deepEqual(place.folder(), before);
  await (await downloadVerified({ ...update, expires: now + 1000 }, options)).discard();
});

test("downloadVerified() takes nothing from an unsigned manifest unless that is allowed", async () => {
  const place = memoryPlace();
  place.publish();
  const before = place.folder();
  const fetches = () => place.machine.operations.log.filter(({ name }) => name === "fetch").length;
  const update = await place.check();
  const count = fetches();
  const options = { runtime: place.runtime, app: "app" };
  await failsWith(downloadVerified(update, options), "UNTRUSTED", { reason: "unsigned" });
  await failsWith(downloadVerified(update, { ...options, allowUnsigned: false }), "UNTRUSTED");
  assert.equal(fetches(), count);
  assert.deepEqual(place.folder(), before);
});

test("downloadVerified() reports its phases in order, and how far the download is", async () => {
  const place = memoryPlace();
  place.publish();
  const reports: Progress[] = [];
  const onProgress = (progress: Progress) => void reports.push(progress);
  await downloadVerified(await place.check(), { ...place.options, onProgress });
  const phases = reports.map(({ phase }) => phase).filter((phase, i, all) => phase !== all[i - 1]);
  assert.deepEqual(phases, ["downloading", "verifying", "verified", "extracting"]);
  const downloading = reports.filter(({ phase }) => phase === "downloading");
  const size = pack(APP, "tar.gz").length;
  assert.deepEqual(downloading.at(-1), {
    phase: "downloading",
    receivedBytes: size,
    totalBytes: size,
    bytesPerSecond: downloading.at(-1)!.bytesPerSecond,
  });
});

const phases: UpdatePhase[] = ["downloading", "verifying", "verified", "extracting"];

for (const phase of phases) {
  for (const how of ["is aborted", "has a callback that throws"] as const) {
    test(`downloadVerified() leaves nothing beside the executable when it ${how} at "${phase}"`, async () => {
      const place = memoryPlace();
      const before = place.folder();
      place.publish();
      const abort = new AbortController();
      const reason = new Error("enough");
      const onProgress = (progress: Progress) => {
        if (progress.phase !== phase) return;
        if (how === "has a callback that throws") throw reason;
        abort.abort(reason);
      };
      const options = { ...place.options, signal: abort.signal, onProgress };
      await assert.rejects(downloadVerified(await place.check(), options), (error) => error === reason);
      assert.deepEqual(place.folder(), before);
      // A later try ends well, whatever was kept.
      assert.equal((await downloadVerified(await place.check(), place.options)).sha256, digest(APP));
    });
  }
}

test("downloadVerified() does nothing at all when it was aborted before", async () => {
  const place = memoryPlace();
  place.publish();
  const update = await place.check();
  const count = place.machine.operations.log.length;
  const signal = AbortSignal.abort("never mind");
  await assert.rejects(
    downloadVerified(update, { ...place.options, signal }),
    (error) => error === "never mind",
  );
  assert.equal(place.machine.operations.log.length, count);
});
