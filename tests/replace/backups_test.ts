import assert from "node:assert/strict";
import { test } from "node:test";
import { atomicReplace } from "../../src/atomic_replace.ts";
import { pathsOf } from "../../src/installation.ts";
import { keepBackupsOf } from "../../src/options.ts";
import { recover } from "../../src/recover.ts";
import { backupsOf, nextOlderName } from "../../src/replace/backups.ts";
import { rollback } from "../../src/rollback.ts";
import { selfUpdate } from "../../src/self_update.ts";
import { failsWith } from "../support/fails_with.ts";
import {
  atRest,
  staged,
  strays,
  SYSTEMS,
  text,
  update,
  updated,
  VERSIONS,
  versions,
} from "../support/kept_versions.ts";
import { appProgram, memoryPlace, OLD } from "../support/memory_place.ts";

for (const os of SYSTEMS) {
  test(`atomicReplace() on ${os} keeps as many previous versions as it is told, the newest as app.backup`, async () => {
    for (const keepBackups of [1, 2, 3, 10]) {
      const place = await updated(os, keepBackups);
      const kept = ["5.0.0", "4.0.0", "3.0.0", "2.0.0", OLD].slice(0, keepBackups + 1);
      assert.deepEqual(await versions(place), kept);
      assert.deepEqual(strays(place), []);
      // `cp app.backup app` by hand is what administrators know.
      assert.equal(place.machine.read(`${place.executable}.backup`), text(appProgram(kept[1]!)));
    }
  });

  test(`rollback() on ${os} goes back step by step, and the next older version is app.backup then`, async () => {
    const place = await updated(os, 10);
    for (const [index, to] of ["4.0.0", "3.0.0", "2.0.0", OLD].entries()) {
      assert.equal((await rollback(atRest(place))).to, to);
      assert.deepEqual(await versions(place), ["4.0.0", "3.0.0", "2.0.0", OLD].slice(index));
      assert.deepEqual(strays(place), []);
    }
    await failsWith(rollback(atRest(place)), "NO_BACKUP");
  });

  test(`rollback() on ${os} goes back to any version that is kept; those in between go`, async () => {
    for (const to of ["4.0.0", "3.0.0", "2.0.0", OLD]) {
      const place = await updated(os, 10);
      assert.equal((await rollback({ ...atRest(place), to })).to, to);
      assert.deepEqual(
        await versions(place),
        ["4.0.0", "3.0.0", "2.0.0", OLD].slice(
          ["4.0.0", "3.0.0", "2.0.0", OLD].indexOf(to),
        ),
      );
      assert.deepEqual(strays(place), []);
    }
  });

  test(`an update on ${os} that is taken back leaves every kept version as it was`, async () => {
    const place = await updated(os, 3);
    const before = place.folder();
    const { machine } = place;
    const runtime = machine.start({ execPath: place.executable });
    const options = { ...place.options, executable: place.executable, runtime, keepBackups: 3 };
    // It works beside the executable and fails in its place.
    const pause = machine.operations.pause(({ name, path }) => name === "run" && path === place.executable);
    const ending = atomicReplace(await staged(place, runtime, "6.0.0"), options);
    await pause.reached;
    machine.put(place.executable, appProgram("6.0.0", { exitCode: 1 }));
    pause.resume();
    assert.equal((await ending).outcome, "rolled-back");
    runtime.kill();
    await recover(atRest(place));
    assert.deepEqual(place.folder(), before);
  });
}

test("an update that keeps fewer versions than before removes the others, the oldest", async () => {
  const place = await updated("linux", 10);
  await update(place, "6.0.0", 2);
  assert.deepEqual(await versions(place), ["6.0.0", "5.0.0", "4.0.0"]);
  await update(place, "7.0.0", 1);
  assert.deepEqual(Object.keys(place.folder()), ["app", "app.backup"]);
});

test("atomicReplace() on windows keeps to the number although the oldest version still runs", async () => {
  const place = await updated("windows", 2);
  const service = place.machine.start({ execPath: `${place.executable}.backup.older-0003` });
  await update(place, "6.0.0", 2);
  assert.deepEqual(await versions(place), ["6.0.0", "5.0.0", "4.0.0"]);
  service.kill();
  await recover(atRest(place));
  assert.deepEqual(strays(place), []);
});

test("backupsOf() does not take for a backup what a person or an intruder put there", async () => {
  const place = memoryPlace();
  const { machine } = place;
  for (
    const name of [
      "app.backup.1",
      "app.backup.01",
      "app.backup.0000",
      "app.backup.00007",
      "app.backup.older-1",
    ]
  ) {
    machine.put(place.beside(name), appProgram("0.1.0"));
  }
  machine.putLink("/bin/sh", place.beside("app.backup.older-0002"));
  machine.putFolder(place.beside("app.backup.older-0003"));
  const installation = pathsOf(place.executable);
  assert.deepEqual(await backupsOf(place.runtime.fs, installation), []);
  machine.put(place.beside("app.backup.older-0001"), appProgram("0.2.0"));
  assert.deepEqual(await backupsOf(place.runtime.fs, installation), [place.beside("app.backup.older-0001")]);
  assert.equal(await nextOlderName(place.runtime.fs, installation), "app.backup.older-0004");
});

test("nextOlderName() goes on after 9999", async () => {
  const place = memoryPlace();
  const installation = pathsOf(place.executable);
  const next = () => nextOlderName(place.runtime.fs, installation);
  place.machine.put(place.beside("app.backup.older-9999"), "x");
  assert.equal(await next(), "app.backup.older-10000");
  place.machine.put(place.beside("app.backup.older-10000"), "x");
  assert.equal(await next(), "app.backup.older-10001");
});

for (const keep of [0, -1, 1.5, 101, Number.NaN, Infinity]) {
  test(`${keep} backups cannot be kept, which is said before anything is downloaded`, async () => {
    assert.throws(() => keepBackupsOf({ keepBackups: keep }), RangeError);
    const place = memoryPlace();
    place.publish();
    const { source } = place;
    await assert.rejects(selfUpdate({ ...place.options, source, keepBackups: keep }), RangeError);
    assert.deepEqual(place.downloads(), []);
    const staged = await place.staged();
    await assert.rejects(atomicReplace(staged, { ...place.options, keepBackups: keep }), RangeError);
    assert.equal((await atomicReplace(staged, place.options)).outcome, "updated");
  });
}

for (const os of SYSTEMS) {
  test(`updates and rollbacks on ${os} leave alone what a person calls by the year or the date`, async () => {
    for (const keepBackups of [1, 3]) {
      const place = memoryPlace({ os });
      place.runtime.kill();
      const mine = ["2024", "20240101", "0001"].map((date) => `${place.executable}.backup.${date}`);
      for (const path of mine) place.machine.put(path, appProgram("0.1.0"));
      place.machine.put(`${place.executable}.backup.2023/precious`, "precious");
      place.machine.put(`${place.executable}.backup.older-2023/precious`, "precious");
      for (const version of VERSIONS) await update(place, version, keepBackups);
      for (let step = 0; step < keepBackups; step++) await rollback(atRest(place));
      await failsWith(rollback(atRest(place)), "NO_BACKUP");
      for (const path of mine) assert.equal(place.machine.read(path), text(appProgram("0.1.0")), path);
      assert.equal(place.machine.read(`${place.executable}.backup.2023/precious`), "precious");
      assert.equal(place.machine.read(`${place.executable}.backup.older-2023/precious`), "precious");
    }
  });
}
