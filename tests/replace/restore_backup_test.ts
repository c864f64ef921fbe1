import assert from "node:assert/strict";
import { test } from "node:test";
import { recover } from "../../src/recover.ts";
import { rollback } from "../../src/rollback.ts";
import type { MemoryBehaviour } from "../../src/runtime/memory.ts";
import { failsWith } from "../support/fails_with.ts";
import { killedBefore } from "../support/killed_before.ts";
import { atRest, staged, strays, updated, versions } from "../support/kept_versions.ts";
import { appProgram, memoryPlace, OLD } from "../support/memory_place.ts";

test("rollback() on windows to an older version moves a running backup aside, and a later start removes it", async () => {
  const place = await updated("windows", 10);
  // What was running during the last update runs on under the name of the backup.
  const service = place.machine.start({ execPath: `${place.executable}.backup` });
  assert.equal((await rollback({ ...atRest(place), to: "2.0.0" })).to, "2.0.0");
  assert.deepEqual(await versions(place), ["2.0.0", OLD]);
  assert.match(strays(place).join(), /^\.app\.exe\.old-[0-9a-f]{16}\.exe$/);
  service.kill();
  await recover(atRest(place));
  assert.deepEqual(strays(place), []);
});

test("rollback() on windows to an older version waits for a scanner, and loses no version to it", async () => {
  const place = await updated("windows", 10);
  let refusals = 3;
  place.machine.operations.fail(
    "busy",
    ({ name, path }) => name === "rename" && path.endsWith(".backup.older-0002") && refusals-- > 0,
  );
  assert.equal((await rollback({ ...atRest(place), to: "2.0.0" })).to, "2.0.0");
  assert(refusals <= 0);
  assert.deepEqual(await versions(place), ["2.0.0", OLD]);
  assert.deepEqual(strays(place), []);
});

const unusable: [name: string, behaviour: MemoryBehaviour][] = [
  ["crashes", { exitCode: 1 }],
  ["does not say which it is", { stdout: "hello\n" }],
];

for (const [name, behaviour] of unusable) {
  test(`rollback() to an older version passes over a backup that ${name}`, async () => {
    const place = await updated("linux", 10);
    place.machine.put(`${place.executable}.backup`, appProgram("4.0.0", behaviour));
    const before = place.folder();
    const error = await failsWith(rollback({ ...atRest(place), to: "4.0.0" }), "NO_BACKUP");
    assert.match(error.message, /app\.backup is version unknown, \S+older-0003 is version 3\.0\.0, /);
    assert.deepEqual(place.folder(), before);
    assert.equal((await rollback({ ...atRest(place), to: "3.0.0" })).to, "3.0.0");
  });
}

test("rollback() asks versions while it holds the lock: an update cannot change the backups meanwhile", async () => {
  const place = await updated("linux", 10);
  const { machine } = place;
  const runtime = machine.start();
  const pause = machine.operations.pause(({ name, pid }) => name === "run" && pid === runtime.pid);
  const rolling = rollback({ ...place.options, executable: place.executable, runtime, to: "2.0.0" });
  await pause.reached;
  await failsWith(staged(place, machine.start(), "6.0.0"), "UPDATE_IN_PROGRESS", { pid: runtime.pid });
  pause.resume();
  assert.equal((await rolling).to, "2.0.0");
  assert.deepEqual(await versions(place), ["2.0.0", OLD]);
});

test("rollback() during a first update says that an update is in progress, not that there is no backup", async () => {
  const place = memoryPlace();
  const staged = await place.staged();
  const runtime = place.machine.start();
  const options = { ...place.options, executable: place.executable, runtime };
  for (const to of [undefined, OLD]) {
    const error = await failsWith(rollback({ ...options, to }), "UPDATE_IN_PROGRESS");
    assert.match(error.message, /^Update already in progress: /);
  }
  await staged.discard();
  await failsWith(rollback(options), "NO_BACKUP");
});

test("rollback() goes back to a version under a former name when it is asked for", async () => {
  const place = await updated("linux", 1);
  place.machine.put(`${place.executable}.backup.0001`, appProgram("0.1.0"));
  assert.deepEqual(await versions(place), ["5.0.0", "4.0.0", "0.1.0"]);
  assert.equal((await rollback({ ...atRest(place), to: "0.1.0" })).to, "0.1.0");
  assert.deepEqual(await versions(place), ["0.1.0"]);
});

for (const os of ["linux", "windows"] as const) {
  test(`rollback() by several versions on ${os} can be killed before any of its operations`, async () => {
    for (let index = 0;; index++) {
      const place = await updated(os, 10);
      const process = place.machine.start({ pid: 500 });
      const options = { ...place.options, executable: place.executable, runtime: process, to: "2.0.0" };
      const operation = await killedBefore(index, process, () => rollback(options));
      if (operation === undefined) return assert(index > 20);
      await recover(atRest(place));
      const where = `killed before ${operation.name} ${operation.path}`;
      const found = (await versions(place)).join(" ");
      const allowed = [
        ["5.0.0", "4.0.0", "3.0.0", "2.0.0", OLD],
        ["5.0.0", "4.0.0", "2.0.0", OLD],
        ["5.0.0", "2.0.0", OLD],
        ["2.0.0", OLD],
      ].map((chain) => chain.join(" "));
      assert(allowed.includes(found), `${where}: ${found}`);
      assert.deepEqual(strays(place), [], where);
    }
  });
}
