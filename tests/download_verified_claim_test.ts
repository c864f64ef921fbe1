import assert from "node:assert/strict";
import { test } from "node:test";
import { atomicReplace } from "../src/atomic_replace.ts";
import { downloadVerified } from "../src/download_verified.ts";
import { failsWith } from "./support/fails_with.ts";
import { memoryPlace } from "./support/memory_place.ts";

test("downloadVerified() of two at once lets one go on and tells the other who it is", async () => {
  const place = memoryPlace();
  place.publish();
  const update = await place.check();
  const other = place.machine.start({ execPath: place.executable });
  const results = await Promise.allSettled([
    downloadVerified(update, place.options),
    downloadVerified(update, { ...place.options, runtime: other }),
    downloadVerified(update, place.options),
  ]);
  const failed = results.filter((result) => result.status === "rejected").map(({ reason }) => reason.code);
  assert.deepEqual(failed, ["UPDATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"]);
  const done = results.find((result) => result.status === "fulfilled");
  assert.equal((await atomicReplace(done!.value, place.options)).outcome, "updated");
});

test("downloadVerified() names the process that updates at the moment", async () => {
  const place = memoryPlace();
  const staged = await place.staged();
  const other = place.machine.start({ execPath: place.executable });
  const options = { ...place.options, runtime: other };
  const error = await failsWith(downloadVerified(await place.check(), options), "UPDATE_IN_PROGRESS", {
    pid: place.runtime.pid,
    record: place.beside(".app.update.json"),
  });
  assert.match(error.message, new RegExp(`process ${place.runtime.pid} is updating`));
  await staged.discard();
  await (await downloadVerified(await place.check(), options)).discard();
});

test("downloadVerified() does not install again what another process has installed since the check", async () => {
  const place = memoryPlace();
  place.publish();
  const update = await place.check();
  const other = place.machine.start({ execPath: place.executable });
  const options = { ...place.options, runtime: other };
  assert.equal(
    (await atomicReplace(await downloadVerified(update, options), options)).outcome,
    "updated",
  );
  const after = place.folder();
  const error = await failsWith(downloadVerified(update, place.options), "UPDATE_IN_PROGRESS");
  assert.match(error.message, /another process has updated .* meanwhile; start the program again$/);
  assert.deepEqual(place.folder(), after, "the backup is still the version before");
});

test("downloadVerified() ends what a dead process has left before it begins", async () => {
  const place = memoryPlace();
  const before = place.folder();
  await place.staged();
  place.runtime.kill();
  const runtime = place.machine.start({ execPath: place.executable });
  const options = { ...place.options, runtime };
  const update = { ...await memoryPlace().staged().then(({ update }) => update) };
  await (await downloadVerified(update, options)).discard();
  assert.deepEqual(place.folder(), before);
});
