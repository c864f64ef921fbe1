import assert from "node:assert/strict";
import { test } from "node:test";
import { atomicReplace } from "../src/atomic_replace.ts";
import type { StagedUpdate } from "../src/staged_update.ts";
import { failsWith } from "./support/fails_with.ts";
import { appProgram, memoryPlace } from "./support/memory_place.ts";

test("atomicReplace() takes no update that downloadVerified did not make", async () => {
  const place = memoryPlace();
  const staged = await place.staged();
  const before = place.folder();
  for (
    const forged of [
      { ...staged },
      Object.create(staged) as StagedUpdate,
      { path: "/bin/sh" } as StagedUpdate,
    ]
  ) {
    await assert.rejects(atomicReplace(forged, place.options), TypeError);
  }
  assert.deepEqual(place.folder(), before);
});

test("atomicReplace() takes a staged update once only, whatever the outcome", async () => {
  const place = memoryPlace();
  const staged = await place.staged();
  await atomicReplace(staged, place.options);
  await assert.rejects(atomicReplace(staged, place.options), TypeError);
  const bad = await place.staged({ version: "3.0.0", content: appProgram("3.0.0", { exitCode: 1 }) });
  await failsWith(atomicReplace(bad, place.options), "PROBE_FAILED");
  await assert.rejects(atomicReplace(bad, place.options), TypeError);
});

test("atomicReplace() takes no staged update that was discarded, and discarding again does nothing", async () => {
  const place = memoryPlace();
  const before = place.folder();
  const staged = await place.staged();
  await staged.discard();
  await staged.discard();
  assert.deepEqual(place.folder(), before);
  await assert.rejects(atomicReplace(staged, place.options), TypeError);
});

test("a staged update does nothing when it is discarded after it was used", async () => {
  const place = memoryPlace();
  const staged = await place.staged();
  await atomicReplace(staged, place.options);
  const after = place.folder();
  await staged.discard();
  assert.deepEqual(place.folder(), after);
});
