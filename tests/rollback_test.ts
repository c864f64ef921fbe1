import assert from "node:assert/strict";
import { test } from "node:test";
import { atomicReplace } from "../src/atomic_replace.ts";
import { recover } from "../src/recover.ts";
import { fileDigest } from "../src/replace/file_digest.ts";
import { rollback } from "../src/rollback.ts";
import type { MemoryBehaviour, MemoryOperation } from "../src/runtime/memory.ts";
import { failsWith } from "./support/fails_with.ts";
import { killedBefore } from "./support/killed_before.ts";
import { appProgram, type MemoryPlace, memoryPlace, NEW, OLD } from "./support/memory_place.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

for (const os of ["linux", "darwin", "windows"] as const) {
  test(`rollback() on ${os} puts the previous version back and uses the backup up`, async () => {
    const { place, options } = await updated(os);
    const { executable } = place;
    assert.deepEqual(await rollback(options), { outcome: "rolled-back", to: OLD, executable });
    assert.equal(place.machine.read(place.executable), text(appProgram(OLD)));
    assert.equal(await place.runtime.fs.stat(`${place.executable}.backup`), undefined);
    await failsWith(rollback(options), "NO_BACKUP", {
      path: `${place.executable}.backup`,
      wanted: undefined,
    });
  });
}

test("rollback() leaves nothing in the folder but the executable", async () => {
  const { place, options } = await updated("linux");
  await rollback(options);
  assert.deepEqual(place.folder(), { app: `file 755 ${text(appProgram(OLD))}` });
});

test("rollback() goes back to the version that is asked for", async () => {
  const { options } = await updated("linux");
  assert.equal((await rollback({ ...options, to: OLD })).to, OLD);
});

test("rollback() does not go back to another version than the one that is asked for", async () => {
  const { place, options } = await updated("linux");
  const before = place.folder();
  const error = await failsWith(rollback({ ...options, to: "0.5.0" }), "NO_BACKUP", {
    path: place.beside("app.backup"),
    wanted: "0.5.0",
  });
  assert.match(error.message, /No backup of version 0\.5\.0 available: .* is version 1\.0\.0/);
  assert.deepEqual(place.folder(), before);
});

test("rollback() of a certain executable changes nothing where another one is installed by then", async () => {
  const { place, options } = await updated("linux");
  const installed = await fileDigest(place.runtime, place.executable);
  // A person has put a third version in its place, whose backup is the one that failed.
  place.machine.put(place.beside("app.backup"), appProgram(NEW));
  place.machine.put(place.executable, appProgram("1.5.0"), { mode: 0o755 });
  const before = place.folder();
  const { executable } = place;
  assert.deepEqual(await rollback({ ...options, installed, to: OLD, refuse: NEW }), {
    outcome: "superseded",
    to: "1.5.0",
    executable,
  });
  assert.deepEqual(place.folder(), before);
  assert.deepEqual(JSON.parse(place.machine.read(place.state("refused-versions.json"))!), [NEW]);
});

test("rollback() remembers what failed also while another process updates", async () => {
  const { place, options } = await updated("linux");
  await place.staged({ version: "3.0.0" });
  await failsWith(rollback({ ...options, refuse: NEW }), "UPDATE_IN_PROGRESS");
  assert.deepEqual(JSON.parse(place.machine.read(place.state("refused-versions.json"))!), [NEW]);
});

test("rollback() of a certain executable goes back where it is the installed one", async () => {
  const { place, options } = await updated("linux");
  const installed = await fileDigest(place.runtime, place.executable);
  assert.equal((await rollback({ ...options, installed, to: OLD })).outcome, "rolled-back");
  assert.equal(place.machine.read(place.executable), text(appProgram(OLD)));
});

test("rollback() of a certain executable changes nothing where the backup is another version", async () => {
  const { place, options } = await updated("linux");
  const installed = await fileDigest(place.runtime, place.executable);
  place.machine.put(place.beside("app.backup"), appProgram("1.5.0"));
  const before = place.folder();
  await failsWith(rollback({ ...options, installed, to: OLD, refuse: NEW }), "NO_BACKUP");
  assert.deepEqual(place.folder(), before);
  assert.deepEqual(JSON.parse(place.machine.read(place.state("refused-versions.json"))!), [NEW]);
});

test("rollback() says that there is no backup", async () => {
  const place = memoryPlace();
  const before = place.folder();
  const error = await failsWith(rollback(place.options), "NO_BACKUP");
  assert.match(error.message, /^No backup version available: there is no \/opt\/app\/app\.backup/);
  assert.deepEqual(place.folder(), before);
});

const broken: [name: string, behaviour: MemoryBehaviour][] = [
  ["crashes", { exitCode: 1 }],
  ["hangs", { end: "never" }],
  ["is ended by a signal", { end: "signal" }],
];

for (const [name, behaviour] of broken) {
  test(`rollback() does not put back a version that ${name}`, async () => {
    const place = memoryPlace();
    place.machine.put(place.beside("app.backup"), appProgram("0.9.0", behaviour));
    const before = place.folder();
    const path = place.beside("app.backup");
    const error = await failsWith(rollback(place.options), "PROBE_FAILED", { executable: path });
    assert.match(error.message, /^Rollback refused: the backup \/opt\/app\/app\.backup does not run: it /);
    assert.match(error.message, /; nothing was changed; install the version you want instead$/);
    assert.deepEqual(place.folder(), before);
  });
}

test("rollback() names the older backups when the newest one does not run", async () => {
  const place = memoryPlace();
  place.machine.put(place.beside("app.backup"), "junk");
  place.machine.put(place.beside("app.backup.older-0001"), appProgram("0.8.0"));
  const error = await failsWith(rollback(place.options), "PROBE_FAILED");
  assert.match(error.message, /go back to the version of an older one: \/opt\/app\/app\.backup\.older-0001$/);
  assert.equal((await rollback({ ...place.options, to: "0.8.0" })).to, "0.8.0");
});

test("rollback() puts back a backup that has lost the right to be run", async () => {
  const { place, options } = await updated("linux");
  place.machine.put(place.beside("app.backup"), appProgram(OLD), { mode: 0o644 });
  await rollback(options);
  assert.deepEqual(place.folder(), { app: `file 755 ${text(appProgram(OLD))}` });
});

for (const kind of ["folder", "link"] as const) {
  test(`rollback() does not take a ${kind} for a backup`, async () => {
    const place = memoryPlace();
    if (kind === "folder") place.machine.putFolder(place.beside("app.backup"));
    else place.machine.putLink("/bin/sh", place.beside("app.backup"));
    const before = place.folder();
    await failsWith(rollback(place.options), "NO_BACKUP");
    assert.deepEqual(place.folder(), before);
  });
}

test("rollback() puts back a version that does not say which it is, unless one is asked for", async () => {
  const place = memoryPlace();
  place.machine.put(place.beside("app.backup"), appProgram("", { stdout: "hello\n" }));
  await failsWith(rollback({ ...place.options, to: OLD }), "NO_BACKUP");
  const { executable } = place;
  assert.deepEqual(await rollback(place.options), { outcome: "rolled-back", to: undefined, executable });
});

test("rollback() does nothing while another process updates", async () => {
  const { place, options } = await updated("linux");
  const staged = await place.staged({ version: "3.0.0" });
  const before = place.folder();
  await failsWith(rollback(options), "UPDATE_IN_PROGRESS");
  assert.deepEqual(place.folder(), before);
  await staged.discard();
});

test("rollback() says that there is no executable", async () => {
  const place = memoryPlace();
  const executable = place.beside("other");
  await failsWith(rollback({ ...place.options, executable }), "REPLACE_FAILED", { path: executable });
});

test("rollback() says that the folder cannot be written", async () => {
  const { place, options } = await updated("linux");
  place.machine.putFolder("/opt/app", { mode: 0o555 });
  const before = place.folder();
  await failsWith(rollback(options), "NOT_WRITABLE");
  assert.deepEqual(place.folder(), before);
});

for (const os of ["linux", "windows"] as const) {
  test(`rollback() on ${os} can be killed before any of its operations`, async () => {
    for (let index = 0;; index++) {
      const { place, options } = await updated(os);
      const process = place.machine.start({ pid: 500 });
      const operation = await killedBefore(index, process, () => rollback({ ...options, runtime: process }));
      if (operation === undefined) return assert(index > 10);
      await recover({ ...options, runtime: place.machine.start({ pid: 600 }) });
      const live = place.machine.read(place.executable);
      const backup = place.machine.read(`${place.executable}.backup`);
      const where = `killed before ${operation.name} ${operation.path}`;
      const isBack = live === text(appProgram(OLD));
      assert.equal(live, text(appProgram(isBack ? OLD : NEW)), where);
      assert.equal(backup, isBack ? undefined : text(appProgram(OLD)), where);
      assert.deepEqual(Object.keys(place.folder()).filter((name) => name.startsWith(".")), [], where);
    }
  });

  for (const kind of ["denied", "other"] as const) {
    test(`rollback() on ${os} survives every operation that fails with "${kind}"`, async () => {
      for (let index = 0;; index++) {
        const { place, options } = await updated(os);
        const first = place.machine.operations.log.length;
        let failed: MemoryOperation | undefined;
        const end = place.machine.operations.fail(kind, (operation) => {
          if (operation.index !== first + index) return false;
          failed = operation;
          return true;
        });
        const outcome = await rollback(options).then(() => "ok", (error) => error.code ?? String(error));
        end();
        if (failed === undefined) return assert(index > 10);
        const where = `${failed.name} ${failed.path} failed, the outcome was ${outcome}`;
        assert.match(outcome, /^(ok|NOT_WRITABLE|REPLACE_FAILED|NO_BACKUP|PROBE_FAILED)$/, where);
        place.runtime.kill();
        await recover({ ...options, runtime: place.machine.start({ pid: 600 }) });
        const live = place.machine.read(place.executable);
        const isBack = live === text(appProgram(OLD));
        assert(isBack || live === text(appProgram(NEW)), where);
        assert.equal(isBack, outcome === "ok", where);
        assert.deepEqual(Object.keys(place.folder()).filter((name) => name.startsWith(".")), [], where);
      }
    });
  }
}

/** A machine on which an update has been installed. */
async function updated(os: "linux" | "darwin" | "windows"): Promise<{
  place: MemoryPlace;
  options: MemoryPlace["options"] & { executable: string };
}> {
  const place = memoryPlace({ os });
  await atomicReplace(await place.staged(), place.options);
  return { place, options: { ...place.options, executable: place.executable } };
}
