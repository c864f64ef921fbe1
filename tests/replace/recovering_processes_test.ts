import assert from "node:assert/strict";
import { test } from "node:test";
import { recover } from "../../src/recover.ts";
import { crashed, expectedFolder, readFolder, SWAPPED, UNSWAPPED } from "../support/crashed_place.ts";
import { memoryPlace } from "../support/memory_place.ts";

/** The first lock for the record that {@link crashed} leaves. */
const LOCK = "/opt/app/.app.update.takeover.0123456789abcdef.0";

test("recover() leaves an update alone whose process lives", async () => {
  const place = memoryPlace();
  const staged = await place.staged();
  const before = place.folder();
  const other = place.machine.start({ execPath: place.executable });
  assert.equal(
    (await recover({ ...place.options, executable: place.executable, runtime: other })).outcome,
    "running",
  );
  assert.equal((await recover(place.options)).outcome, "running");
  assert.deepEqual(place.folder(), before);
  await staged.discard();
});

test("recover() is not misled by a process that was given the number of the dead one", async () => {
  const { place, runtime } = await crashed("linux", UNSWAPPED, 4321);
  place.machine.start({ pid: 4321 });
  assert.equal(
    (await recover({ ...place.options, executable: place.executable, runtime })).outcome,
    "dropped",
  );
});

test("recover() by many processes at once lets one of them act", async () => {
  const { place } = await crashed("linux", SWAPPED);
  const runtimes = Array.from({ length: 5 }, () => place.machine.start({ execPath: place.executable }));
  const results = await Promise.all(
    runtimes.map((runtime) => recover({ ...place.options, executable: place.executable, runtime })),
  );
  const outcomes = results.map(({ outcome }) => outcome).sort();
  assert.equal(outcomes.filter((outcome) => outcome === "committed").length, 1);
  assert(outcomes.every((outcome) => ["committed", "running", "none"].includes(outcome)), outcomes.join());
  assert.deepEqual(readFolder(place), expectedFolder("linux", { live: "new", backup: "old" }));
});

test("recover() goes on where a recovering process died, also when its lock is empty", async () => {
  for (const lock of ["", "nonsense", "999 1/1\n"]) {
    const { place, runtime } = await crashed("linux", SWAPPED);
    place.machine.put(LOCK, lock);
    assert.equal(
      (await recover({ ...place.options, executable: place.executable, runtime })).outcome,
      "committed",
    );
    assert.deepEqual(readFolder(place), expectedFolder("linux", { live: "new", backup: "old" }));
  }
});

test("recover() leaves an update alone that another process is ending", async () => {
  const { place, runtime } = await crashed("linux", SWAPPED);
  const other = place.machine.start({ execPath: place.executable });
  const pause = place.machine.operations.pause(({ name, pid }) => name === "run" && pid === other.pid);
  const first = recover({ ...place.options, executable: place.executable, runtime: other });
  await pause.reached;
  assert.equal(
    (await recover({ ...place.options, executable: place.executable, runtime })).outcome,
    "running",
  );
  pause.resume();
  assert.equal((await first).outcome, "committed");
});
