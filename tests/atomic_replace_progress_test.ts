import assert from "node:assert/strict";
import { test } from "node:test";
import { atomicReplace } from "../src/atomic_replace.ts";
import type { UpdatePhase } from "../src/progress.ts";
import type { MemoryCall } from "../src/runtime/memory.ts";
import { selfDescribing } from "../src/runtime/memory/program.ts";
import { appProgram, type MemoryPlace, memoryPlace, NEW } from "./support/memory_place.ts";
import { beforeSwap, failsUnderItsRealName, fussyApp } from "./support/swapped_place.ts";

test("atomicReplace() rejects with the signal's reason when it was aborted before", async () => {
  const place = memoryPlace();
  const before = place.folder();
  const reason = new Error("enough");
  const replacing = atomicReplace(await place.staged(), {
    ...place.options,
    signal: AbortSignal.abort(reason),
  });
  await assert.rejects(replacing, (error) => error === reason);
  assert.deepEqual(place.folder(), before);
});

test("atomicReplace() ends a probe that is under way when it is aborted", async () => {
  const abort = new AbortController();
  const programs = (call: MemoryCall) => {
    abort.abort("enough");
    return selfDescribing(call);
  };
  const place = memoryPlace({ programs, clock: "manual" });
  const before = place.folder();
  const staged = await place.staged({ content: appProgram(NEW, { end: "never" }) });
  const replacing = atomicReplace(staged, { ...place.options, signal: abort.signal });
  await assert.rejects(replacing, (error) => error === "enough");
  assert.deepEqual(place.folder(), before);
});

test("atomicReplace() finishes a swap that has begun when it is aborted", async () => {
  const place = memoryPlace();
  const abort = new AbortController();
  const staged = await place.staged();
  beforeSwap(place, staged, () => abort.abort());
  const { outcome } = await atomicReplace(staged, { ...place.options, signal: abort.signal });
  assert.equal(outcome, "updated");
});

test("atomicReplace() reports its phases in order", async () => {
  const phasesOf = async (place: MemoryPlace, content?: Uint8Array) => {
    const phases: UpdatePhase[] = [];
    const staged = await place.staged(content && { content });
    await atomicReplace(staged, { ...place.options, onProgress: ({ phase }) => void phases.push(phase) });
    return phases;
  };
  assert.deepEqual(await phasesOf(memoryPlace()), ["probing", "backing-up", "installing"]);
  const fussy = memoryPlace({ programs: failsUnderItsRealName });
  assert.deepEqual(await phasesOf(fussy, fussyApp()), [
    "probing",
    "backing-up",
    "installing",
    "rolling-back",
  ]);
});

for (const phase of ["probing", "backing-up", "installing"] as const) {
  test(`atomicReplace() undoes everything when a callback throws at "${phase}"`, async () => {
    const place = memoryPlace();
    place.machine.put(place.beside("app.backup"), "an older version");
    const before = place.folder();
    const thrown = new Error("the progress bar is broken");
    const onProgress = (progress: { phase: UpdatePhase }) => {
      if (progress.phase === phase) throw thrown;
    };
    const replacing = atomicReplace(await place.staged(), { ...place.options, onProgress });
    await assert.rejects(replacing, (error) => error === thrown);
    assert.deepEqual(place.folder(), before);
  });
}

test('atomicReplace() takes a bad version back also when a callback throws at "rolling-back"', async () => {
  const place = memoryPlace({ programs: failsUnderItsRealName });
  const before = place.folder();
  const onProgress = ({ phase }: { phase: UpdatePhase }) => {
    if (phase === "rolling-back") throw new Error("the progress bar is broken");
  };
  const staged = await place.staged({ content: fussyApp() });
  assert.equal((await atomicReplace(staged, { ...place.options, onProgress })).outcome, "rolled-back");
  assert.deepEqual(place.folder(), before);
});
