import assert from "node:assert/strict";
import { test } from "node:test";
import { atomicReplace } from "../src/atomic_replace.ts";
import { checkForUpdate } from "../src/check_for_update.ts";
import { confirmHealthy } from "../src/confirm_healthy.ts";
import { pathsOf } from "../src/installation.ts";
import { recover } from "../src/recover.ts";
import { refusedVersions } from "../src/refused_versions.ts";
import type { MemoryRuntime } from "../src/runtime/memory.ts";
import { appProgram, type MemoryPlace, memoryPlace, NEW, OLD } from "./support/memory_place.ts";

// What a crash leaves in the middle of a replace is in tests/replace/recovery_test.ts; here are the first starts after.

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

for (const os of ["linux", "darwin", "windows"] as const) {
  test(`recover() on ${os} takes a new version back whose first three starts failed`, async () => {
    const place = await updated({ os });
    for (let start = 1; start <= 3; start++) {
      const { outcome, runtime } = await starts(place);
      assert.equal(outcome, "none", `start ${start}`);
      runtime.kill();
    }
    const { outcome, meaning, from, to, runtime } = await starts(place);
    assert.deepEqual([outcome, from, to], ["rolled-back", OLD, NEW]);
    assert.match(meaning, /3 starts of version 2\.0\.0 failed/);
    assert.equal(place.machine.read(place.executable), text(appProgram(OLD)));
    // It is not offered again, and the old version is not on probation.
    assert.deepEqual(await refusedVersions(runtime, place.state("").slice(0, -1)), [NEW]);
    assert.equal(await checkForUpdate(place.source, { ...place.options, runtime }), undefined);
    for (let start = 1; start <= 5; start++) {
      const later = await starts(place);
      assert.equal(later.outcome, "none");
      later.runtime.kill();
    }
  });
}

test("recover() counts no starts of a version that has proved itself", async () => {
  const place = await updated();
  for (let start = 1; start <= 2; start++) (await starts(place)).runtime.kill();
  const { runtime } = await starts(place);
  await confirmHealthy({ runtime, app: "app" });
  runtime.kill();
  for (let start = 1; start <= 5; start++) {
    const { outcome, runtime } = await starts(place);
    assert.equal(outcome, "none");
    runtime.kill();
  }
  assert.equal(place.machine.read(place.executable), text(appProgram(NEW)));
});

test("recover() does not take starts for failed ones that are still running", async () => {
  const place = await updated();
  for (let start = 1; start <= 8; start++) assert.equal((await starts(place)).outcome, "none");
  assert.equal(place.machine.read(place.executable), text(appProgram(NEW)));
});

test("recover() counts only calls that are the start of the program", async () => {
  const place = await updated();
  for (let call = 1; call <= 8; call++) {
    const { outcome, runtime } = await starts(place, { isStart: false });
    assert.equal(outcome, "none");
    runtime.kill();
  }
  assert.equal(place.machine.read(place.executable), text(appProgram(NEW)));
});

test("recover() ends the probation of a version that somebody else has replaced", async () => {
  const place = await updated();
  for (let start = 1; start <= 3; start++) (await starts(place)).runtime.kill();
  place.machine.put(place.executable, appProgram("5.0.0"));
  const { outcome } = await starts(place);
  assert.equal(outcome, "none");
  assert.equal(place.machine.read(place.executable), text(appProgram("5.0.0")));
});

test("recover() goes one generation back at most: without a backup the version stays", async () => {
  const place = await updated();
  for (let start = 1; start <= 3; start++) (await starts(place)).runtime.kill();
  const helper = place.machine.start();
  await helper.fs.remove(`${place.executable}.backup`);
  assert.equal((await starts(place)).outcome, "no-backup");
  assert.equal((await starts(place)).outcome, "none");
  assert.equal(place.machine.read(place.executable), text(appProgram(NEW)));
});

const damaged: [name: string, content: Uint8Array | string][] = [
  ["is no program", "junk"],
  ["crashes", appProgram(OLD, { exitCode: 1 })],
  ["is ended by a signal", appProgram(OLD, { end: "signal" })],
];

for (const [name, content] of damaged) {
  test(`recover() keeps a version whose starts failed when the only backup ${name}, and tries that once`, async () => {
    const place = await failedThrice();
    place.machine.put(`${place.executable}.backup`, content);
    const { outcome, meaning, from, to, runtime } = await starts(place);
    assert.deepEqual([outcome, from, to], ["no-backup", OLD, NEW]);
    assert.match(
      meaning,
      /^3 starts of version 2\.0\.0 failed, and it stays: .*none of these runs: \S+app\.backup;/,
    );
    assert.equal(place.machine.read(place.executable), text(appProgram(NEW)));
    assert.deepEqual(Object.keys(place.folder()), ["app", "app.backup"]);
    runtime.kill();
    for (let start = 1; start <= 5; start++) {
      const later = await starts(place);
      assert.equal(later.outcome, "none");
      later.runtime.kill();
    }
  });

  test(`recover() goes back further when the newest backup ${name}`, async () => {
    const place = await failedThrice();
    const { backup } = pathsOf(place.executable);
    place.machine.put(`${backup}.older-0001`, appProgram("0.9.0"), { mode: 0o755 });
    place.machine.put(backup, content);
    assert.equal((await starts(place)).outcome, "rolled-back");
    assert.deepEqual(place.folder(), { app: `file 755 ${text(appProgram("0.9.0"))}` });
  });
}

for (const mode of [0o644, 0o600, 0o755]) {
  test(`recover() puts a backup of mode ${mode.toString(8)} back with the mode of the executable`, async () => {
    const place = await failedThrice();
    place.machine.put(`${place.executable}.backup`, appProgram(OLD), { mode });
    assert.equal((await starts(place)).outcome, "rolled-back");
    assert.deepEqual(place.folder(), { app: `file 755 ${text(appProgram(OLD))}` });
  });
}

test("recover() by many starts at once takes a failed version back once", async () => {
  const place = await updated();
  for (let start = 1; start <= 3; start++) (await starts(place)).runtime.kill();
  const results = await Promise.all([starts(place), starts(place), starts(place)]);
  const outcomes = results.map(({ outcome }) => outcome);
  assert.equal(outcomes.filter((outcome) => outcome === "rolled-back").length, 1, outcomes.join());
  assert.equal(place.machine.read(place.executable), text(appProgram(OLD)));
  assert.deepEqual(place.machine.names("/opt/app"), ["app"]);
});

test("recover() fails where there is neither an executable nor a record of one", async () => {
  const place = memoryPlace();
  for (const executable of [place.beside("other"), "/nowhere/app"]) {
    await assert.rejects(recover({ ...place.options, executable }), {
      name: "UpdateError",
      code: "REPLACE_FAILED",
    });
  }
});

test("recover() does not take the JavaScript runtime for the program", async () => {
  for (const name of ["deno", "node", "bun"]) {
    const { machine } = memoryPlace();
    machine.put(`/usr/local/bin/${name}`, appProgram(OLD));
    const runtime = machine.start({ execPath: `/usr/local/bin/${name}` });
    await assert.rejects(recover({ runtime }), TypeError);
  }
});

/** A new version is installed, and has failed its first three starts. */
async function failedThrice(): Promise<MemoryPlace> {
  const place = await updated();
  for (let start = 1; start <= 3; start++) (await starts(place)).runtime.kill();
  return place;
}

async function updated(options: { os?: "linux" | "darwin" | "windows" } = {}): Promise<MemoryPlace> {
  const place = memoryPlace(options);
  await atomicReplace(await place.staged(), place.options);
  place.runtime.kill();
  return place;
}

/** The program starts, in a new process, and looks after itself first. */
async function starts(
  place: MemoryPlace,
  { isStart = true }: { isStart?: boolean } = {},
): Promise<Awaited<ReturnType<typeof recover>> & { runtime: MemoryRuntime }> {
  const runtime = place.machine.start({ execPath: place.executable });
  const result = await recover({ runtime, app: "app", executable: place.executable, isStart });
  return { ...result, runtime };
}
