import assert from "node:assert/strict";
import { test } from "node:test";
import { atomicReplace } from "../../src/atomic_replace.ts";
import { checkForUpdate } from "../../src/check_for_update.ts";
import { downloadVerified } from "../../src/download_verified.ts";
import { listBackups } from "../../src/list_backups.ts";
import { recover } from "../../src/recover.ts";
import { keepBackupsOf } from "../../src/options.ts";
import { backupsOf, nextOlderName } from "../../src/replace/backups.ts";
import { rollback } from "../../src/rollback.ts";
import { selfUpdate } from "../../src/self_update.ts";
import { pathsOf } from "../../src/installation.ts";
import type { MemoryBehaviour, MemoryOperation, MemoryRuntime } from "../../src/runtime/memory.ts";
import type { StagedUpdate } from "../../src/staged_update.ts";
import { failsWith } from "../support/fails_with.ts";
import { appProgram, type MemoryPlace, memoryPlace, OLD } from "../support/memory_place.ts";

const SYSTEMS = ["linux", "darwin", "windows"] as const;
/** Installed one after the other, over {@link OLD}. */
const VERSIONS = ["2.0.0", "3.0.0", "4.0.0", "5.0.0"];

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

test("atomicReplace() on windows keeps to the number although the oldest version still runs", async () => {
  const place = await updated("windows", 2);
  const service = place.machine.start({ execPath: `${place.executable}.backup.older-0003` });
  await update(place, "6.0.0", 2);
  assert.deepEqual(await versions(place), ["6.0.0", "5.0.0", "4.0.0"]);
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

test("a version that failed its starts is taken back by one generation, however many copies start at once", async () => {
  const place = await updated("linux", 10);
  const { machine } = place;
  const start = async () => {
    const runtime = machine.start({ execPath: place.executable });
    const options = { runtime, app: "app", executable: place.executable, isStart: true };
    return { ...await recover(options), runtime };
  };
  for (let failed = 0; failed < 3; failed++) (await start()).runtime.kill();
  const outcomes = (await Promise.all([start(), start(), start(), start()])).map(({ outcome }) => outcome);
  assert.equal(outcomes.filter((outcome) => outcome === "rolled-back").length, 1, outcomes.join());
  assert.deepEqual(await versions(place), ["4.0.0", "3.0.0", "2.0.0", OLD]);
});

test("a copy that has counted three failed starts does nothing when another one was faster", async () => {
  const place = await updated("linux", 10);
  const { machine } = place;
  const options = { app: "app", executable: place.executable, isStart: true };
  for (let failed = 0; failed < 3; failed++) {
    const runtime = machine.start({ execPath: place.executable });
    await recover({ ...options, runtime });
    runtime.kill();
  }
  const slow = machine.start({ execPath: place.executable });
  const claim = machine.operations.pause(({ name, to, pid }) =>
    name === "link" && to?.endsWith(".app.update.json") === true && pid === slow.pid
  );
  const late = recover({ ...options, runtime: slow });
  await claim.reached;
  const fast = machine.start({ execPath: place.executable });
  assert.equal((await recover({ ...options, runtime: fast })).outcome, "rolled-back");
  claim.resume();
  assert.equal((await late).outcome, "running");
  assert.deepEqual(await versions(place), ["4.0.0", "3.0.0", "2.0.0", OLD]);
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
      const first = place.machine.operations.log.length;
      const killed = new Promise<MemoryOperation>((resolve) => {
        place.machine.operations.before((operation) => {
          if (operation.index !== first + index) return;
          process.kill();
          resolve(operation);
        });
      });
      const options = { ...place.options, executable: place.executable, runtime: process, to: "2.0.0" };
      const operation = await Promise.race([rollback(options).then(() => undefined), killed]);
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

/** A machine on which {@link VERSIONS} were installed one after the other, each by a process of its own. */
async function updated(os: typeof SYSTEMS[number], keepBackups: number): Promise<MemoryPlace> {
  const place = memoryPlace({ os });
  place.runtime.kill();
  for (const version of VERSIONS) await update(place, version, keepBackups);
  return place;
}

async function update(place: MemoryPlace, version: string, keepBackups: number): Promise<void> {
  place.publish({ version });
  const runtime = place.machine.start({ execPath: place.executable });
  const { source, executable } = place;
  const result = await selfUpdate({ ...place.options, source, executable, runtime, keepBackups });
  assert.equal(result.outcome, "updated");
  runtime.kill();
}

async function staged(place: MemoryPlace, runtime: MemoryRuntime, version: string): Promise<StagedUpdate> {
  place.publish({ version });
  const options = { ...place.options, executable: place.executable, runtime };
  const found = await checkForUpdate(place.source, options);
  assert(found !== undefined);
  return await downloadVerified(found, options);
}

/** Options of a process that does not run the installed program. */
function atRest(place: MemoryPlace) {
  return { ...place.options, executable: place.executable, runtime: place.machine.start() };
}

/** The installed version, then the kept ones as they are listed. */
async function versions(place: MemoryPlace): Promise<(string | undefined)[]> {
  const live = /app ([\d.]+)/.exec(place.machine.read(place.executable) ?? "")?.[1];
  return [live, ...(await listBackups(atRest(place))).map(({ version }) => version)];
}

/** Names beside the executable that are neither it nor a kept version. */
function strays(place: MemoryPlace): string[] {
  const folder = place.beside("").slice(0, -1);
  return place.machine.names(folder).filter((name) => !/^app(\.exe)?(\.backup(\.older-\d{4})?)?$/.test(name));
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
