/** What is remembered of an outcome, with and without a crash: probation, and versions that failed. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { atomicReplace } from "../src/atomic_replace.ts";
import { checkForUpdate } from "../src/check_for_update.ts";
import { confirmHealthy } from "../src/confirm_healthy.ts";
import { FileError, type FileErrorKind } from "../src/errors.ts";
import { downloadVerified } from "../src/download_verified.ts";
import { versionOnProbation } from "../src/probation.ts";
import { recover } from "../src/recover.ts";
import { forgiveVersion, refusedVersions, refuseVersion } from "../src/refused_versions.ts";
import { rollback } from "../src/rollback.ts";
import type { MemoryBehaviour, MemoryCall, MemoryOperation } from "../src/runtime/memory.ts";
import { selfDescribing } from "../src/runtime/memory/program.ts";
import { selfUpdate } from "../src/self_update.ts";
import { failsWith } from "./support/fails_with.ts";
import { appProgram, type MemoryPlace, memoryPlace, NEW, OLD } from "./support/memory_place.ts";

const bad: [name: string, behaviour: MemoryBehaviour][] = [
  ["ends with an error", { exitCode: 1 }],
  ["is ended by a signal", { end: "signal" }],
  ["hangs", { end: "never" }],
  ["is another version", { stdout: "app 0.0.1\n" }],
  ["prints without end", { stdout: "x".repeat(70_000) }],
];

for (const [name, behaviour] of bad) {
  test(`a version that ${name} when it is probed before the swap is not downloaded again`, async () => {
    const place = memoryPlace();
    const staged = await place.staged({ content: appProgram(NEW, behaviour) });
    await failsWith(atomicReplace(staged, place.options), "PROBE_FAILED");
    assert.deepEqual(await refused(place), [NEW]);
    const { source, options } = place;
    for (let check = 0; check < 3; check++) {
      assert.equal((await selfUpdate({ ...options, source })).outcome, "up-to-date");
    }
    assert.equal(downloads(place), 1);
    assert.deepEqual(Object.keys(place.folder()), ["app"]);
  });
}

test("a newer release than the one that failed is offered as ever", async () => {
  const place = await failedPlace();
  place.publish({ version: "3.0.0" });
  const { source, options } = place;
  assert.equal((await selfUpdate({ ...options, source })).to, "3.0.0");
});

test("a version that failed is tried again when it is asked for, and forgiven when it works", async () => {
  const place = await failedPlace();
  const { source, options } = place;
  await failsWith(selfUpdate({ ...options, source, version: NEW }), "PROBE_FAILED");
  assert.deepEqual(await refused(place), [NEW]);
  place.publish({ version: NEW });
  assert.equal((await selfUpdate({ ...options, source, version: NEW })).outcome, "updated");
  assert.deepEqual(await refused(place), []);
  await rollback(options);
  assert.equal((await checkForUpdate(source, options))?.version, NEW);
});

for (const kind of ["denied", "busy", "full", "read-only"] as const satisfies FileErrorKind[]) {
  test(`a version that the system did not let start (${kind}) is not remembered as failed, and the publisher is not blamed`, async () => {
    const place = memoryPlace();
    const staged = await place.staged();
    const end = place.machine.operations.fail(kind, ({ name }) => name === "run");
    const error = await failsWith(atomicReplace(staged, place.options), "PROBE_FAILED");
    assert.match(
      error.message,
      /did not let it start: look for a file system mounted noexec, or a security policy$/,
    );
    assert(error.cause instanceof FileError);
    end();
    assert.deepEqual(await refused(place), []);
    assert.equal((await selfUpdate({ ...place.options, source: place.source })).outcome, "updated");
  });
}

test("an update that was cancelled while it was probed is not remembered as failed", async () => {
  const place = memoryPlace();
  const staged = await place.staged();
  const controller = new AbortController();
  place.machine.operations.before(({ name }) => name === "run" ? controller.abort() : undefined);
  await assert.rejects(atomicReplace(staged, { ...place.options, signal: controller.signal }));
  assert.deepEqual(await refused(place), []);
});

test("a state folder that cannot be written changes nothing about the outcome", async () => {
  for (const content of [appProgram(NEW), appProgram(NEW, { exitCode: 1 })]) {
    const place = memoryPlace();
    const staged = await place.staged({ content });
    place.machine.operations.fail("read-only", ({ path }) => /probation|refused|starts/.test(path));
    const outcome = await atomicReplace(staged, place.options).then(
      (result) => result.outcome,
      (error) => error.code,
    );
    assert.equal(outcome, content.length === appProgram(NEW).length ? "updated" : "PROBE_FAILED");
  }
});

for (const os of ["linux", "windows"] as const) {
  test(`recover() on ${os} puts a version on probation that it commits, and three failed starts take it back`, async () => {
    const { place } = await crashed(os, (call) => selfDescribing(call));
    const { outcome } = await starts(place);
    assert.equal(outcome, "committed");
    assert.equal(await versionOnProbation(place.machine.start(), stateOf(place)), NEW);
    // The start that committed it is the first one that failed.
    for (let start = 2; start <= 3; start++) assert.equal((await starts(place)).outcome, "none");
    assert.equal((await starts(place)).outcome, "rolled-back");
    assert.match(place.machine.read(place.executable)!, /app 1\.0\.0/);
    assert.deepEqual(await refused(place), [NEW]);
  });

  test(`recover() on ${os} remembers a version that it takes back, before it restores the old one`, async () => {
    const fails = (call: MemoryCall) =>
      new TextDecoder().decode(call.content).includes(NEW) ? { exitCode: 1 } : selfDescribing(call);
    const { place } = await crashed(os, fails);
    const first = place.machine.operations.log.length;
    assert.equal((await starts(place)).outcome, "rolled-back");
    const steps = place.machine.operations.log.slice(first);
    const remembered = steps.findIndex(({ name, to }) =>
      name === "rename" && to?.endsWith("refused-versions.json") === true
    );
    const restored = steps.findIndex(({ name, to }) => name === "rename" && to === place.executable);
    assert(remembered >= 0 && remembered < restored, `${remembered}, ${restored}`);
    assert.deepEqual(await refused(place), [NEW]);
    const runtime = place.machine.start();
    assert.equal(await checkForUpdate(place.source, { ...place.options, runtime }), undefined);
  });
}

test("confirmHealthy() ends the probation of the version that says so, and of no other", async () => {
  const place = memoryPlace();
  await atomicReplace(await place.staged(), place.options);
  const { runtime } = place;
  // The process that has installed the new version still runs the old one.
  await confirmHealthy({ runtime, app: "app", currentVersion: OLD });
  assert.equal(await versionOnProbation(runtime, stateOf(place)), NEW);
  await confirmHealthy({ runtime, app: "app", currentVersion: NEW });
  assert.equal(await versionOnProbation(runtime, stateOf(place)), undefined);
  await confirmHealthy({ runtime, app: "app", currentVersion: NEW });
});

test("refuseVersion() and forgiveVersion() change nothing else, and keep the newest failures", async () => {
  const { runtime } = memoryPlace();
  for (let minor = 0; minor < 40; minor++) await refuseVersion(runtime, "/home/user/state", `1.${minor}.0`);
  assert.deepEqual((await refusedVersions(runtime, "/home/user/state")).at(0), "1.8.0");
  await forgiveVersion(runtime, "/home/user/state", "1.20.0");
  await forgiveVersion(runtime, "/home/user/state", "9.9.9");
  const left = await refusedVersions(runtime, "/home/user/state");
  assert.equal(left.length, 31);
  assert(!left.includes("1.20.0") && left.at(-1) === "1.39.0");
});

/** An update to {@link NEW} whose process died after the swap. */
async function crashed(
  os: "linux" | "windows",
  programs: (call: MemoryCall) => MemoryBehaviour | undefined,
): Promise<{ place: MemoryPlace }> {
  let isCrashed = false;
  const place = memoryPlace({ os, programs: (call) => isCrashed ? programs(call) : selfDescribing(call) });
  place.publish();
  const process = place.machine.start({ execPath: place.executable });
  const options = { ...place.options, executable: place.executable, runtime: process };
  const staged = await downloadVerified(await place.check(), options);
  const killed = new Promise<MemoryOperation>((resolve) => {
    place.machine.operations.before((operation) => {
      const { name, path, pid } = operation;
      if (pid !== process.pid || name !== "run" || path !== place.executable) return;
      process.kill();
      isCrashed = true;
      resolve(operation);
    });
  });
  await Promise.race([atomicReplace(staged, options), killed]);
  assert(isCrashed);
  place.runtime.kill();
  return { place };
}

/** The program starts, looks after itself, and dies without a sign of health. */
async function starts(place: MemoryPlace) {
  const runtime = place.machine.start({ execPath: place.executable });
  const result = await recover({ runtime, app: "app", executable: place.executable, isStart: true });
  runtime.kill();
  return result;
}

/** {@link NEW} was tried and does not run. */
async function failedPlace(): Promise<MemoryPlace> {
  const place = memoryPlace();
  const staged = await place.staged({ content: appProgram(NEW, { exitCode: 1 }) });
  await failsWith(atomicReplace(staged, place.options), "PROBE_FAILED");
  return place;
}

function refused(place: MemoryPlace): Promise<string[]> {
  return refusedVersions(place.machine.start(), stateOf(place));
}

function stateOf(place: MemoryPlace): string {
  return place.state("").slice(0, -1);
}

function downloads({ machine }: MemoryPlace): number {
  return machine.operations.log.filter(({ name, path }) => name === "fetch" && !path.endsWith(".json"))
    .length;
}
