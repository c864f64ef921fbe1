import assert from "node:assert/strict";
import { test } from "node:test";
import { atomicReplace } from "../src/atomic_replace.ts";
import { isUpdateError } from "../src/errors.ts";
import { recover } from "../src/recover.ts";
import type { MemoryOperation } from "../src/runtime/memory.ts";
import { failsWith } from "./support/fails_with.ts";
import { appProgram, memoryPlace } from "./support/memory_place.ts";
import { failsUnderItsRealName, fussyApp, NEW_APP, OLD_APP, updatedFolder } from "./support/swapped_place.ts";

test("atomicReplace() says where everything is when it can neither go on nor back", async () => {
  const place = memoryPlace({ programs: failsUnderItsRealName });
  const staged = await place.staged({ content: fussyApp() });
  const end = place.machine.operations.fail(
    "other",
    ({ name, to }) =>
      name === "rename" && to === place.executable && place.machine.read(place.executable) !== OLD_APP,
  );
  const error = await failsWith(atomicReplace(staged, place.options), "ROLLBACK_FAILED", {
    executable: place.executable,
    backup: place.beside("app.backup"),
    record: place.beside(".app.update.json"),
    staged: staged.path,
  });
  for (const path of [place.executable, "app.backup", ".app.update.json"]) {
    assert(error.message.includes(path));
  }
  assert(error.cause instanceof AggregateError);
  // Once the disk is well again and the process gone, recovery finds everything it needs.
  end();
  place.runtime.kill();
  const runtime = place.machine.start({ execPath: place.executable });
  assert.equal((await recover({ ...place.options, runtime })).outcome, "rolled-back");
  assert.deepEqual(place.folder(), { app: `file 755 ${OLD_APP}` });
});

// Every single operation of a replace fails once, in every way that a disk fails.
for (const os of ["linux", "windows"] as const) {
  for (const kind of ["denied", "full", "other"] as const) {
    test(`atomicReplace() on ${os} survives every operation that fails with "${kind}"`, async () => {
      const count = await countOperations(os);
      assert(count > 20, String(count));
      for (let index = 0; index < count; index++) await failAt(os, kind, index);
    });
  }
}

async function countOperations(os: "linux" | "windows"): Promise<number> {
  const place = memoryPlace({ os });
  place.machine.put(`${place.executable}.backup`, appProgram("0.9.0"));
  const staged = await place.staged();
  const before = place.machine.operations.log.length;
  await atomicReplace(staged, place.options);
  return place.machine.operations.log.length - before;
}

async function failAt(
  os: "linux" | "windows",
  kind: "denied" | "full" | "other",
  index: number,
): Promise<void> {
  const place = memoryPlace({ os });
  place.machine.put(`${place.executable}.backup`, appProgram("0.9.0"));
  const before = place.folder();
  const staged = await place.staged();
  const first = place.machine.operations.log.length;
  let failed: MemoryOperation | undefined;
  const end = place.machine.operations.fail(kind, (operation) => {
    if (operation.index !== first + index) return false;
    failed = operation;
    return true;
  });
  const outcome = await atomicReplace(staged, place.options).then(
    (result) => result.outcome,
    (error) => isUpdateError(error) ? error.code : `not translated: ${error}`,
  );
  end();
  const where = `${failed?.name} ${failed?.path} ${failed?.to ?? ""} failed, the outcome was ${outcome}`;
  const live = place.machine.read(place.executable);
  if (outcome === "updated") assert.equal(live, NEW_APP, where);
  else assert.equal(live, OLD_APP, where);
  // What could not be undone then is undone at the next start.
  place.runtime.kill();
  const runtime = place.machine.start({ execPath: place.executable });
  await recover({ ...place.options, runtime });
  assert.deepEqual(place.folder(), outcome === "updated" ? updatedFolder(os) : before, where);
}
