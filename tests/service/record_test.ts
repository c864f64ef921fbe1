import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryRuntime } from "../../src/runtime/memory.ts";
import { claimService, runningService } from "../../src/service/record.ts";

const STATE = "/home/user/.local/state/cco";
const RECORD = `${STATE}/service.json`;
const FACTS = { version: "2025.11.1", host: "127.0.0.1", port: 3000, startedAt: 1000 };

test("claimService() lets one service run, and tells the others which", async () => {
  const { machine } = memoryRuntime();
  machine.putFolder(STATE);
  const processes = Array.from({ length: 10 }, () => machine.start());
  const claims = await Promise.all(processes.map((runtime) => claimService(runtime, STATE, FACTS)));
  const winners = claims.filter((claim) => "release" in claim);
  assert.equal(winners.length, 1);
  const pid = processes[claims.indexOf(winners[0]!)]!.pid;
  for (const claim of claims) if ("running" in claim) assert.equal(claim.running.pid, pid);
  assert.equal((await runningService(machine.start(), STATE))?.pid, pid);
});

test("claimService() takes the place of services that have ended, one at a time", async () => {
  const { machine } = memoryRuntime();
  machine.putFolder(STATE);
  for (let round = 0; round < 20; round++) {
    const processes = Array.from({ length: 4 }, () => machine.start());
    const claims = await Promise.all(processes.map((runtime) => claimService(runtime, STATE, FACTS)));
    assert.equal(claims.filter((claim) => "release" in claim).length, 1);
    for (const { pid } of processes) machine.processes.kill(pid);
  }
  assert.equal(await runningService(machine.start(), STATE), undefined);
  const names = machine.names(STATE);
  assert.deepEqual(names, ["service.json"]);
});

test("claimService() lets one service run, however slowly another one takes a dead one's record away", async () => {
  const { machine } = memoryRuntime();
  machine.putFolder(STATE);
  const dead = machine.start();
  await claimService(dead, STATE, FACTS);
  dead.kill();
  // The slow one has seen the dead one's record, and then takes away what lies there: the first one's by now.
  const [slow, first, third] = [machine.start(), machine.start(), machine.start()];
  const moves = ({ name, path }: { name: string; path: string }) => name === "rename" && path === RECORD;
  const before = machine.operations.pause((step) => moves(step) && step.pid === slow.pid);
  const slowly = claimService(slow, STATE, { ...FACTS, port: 3001 });
  await before.reached;
  assert("release" in await claimService(first, STATE, FACTS));
  const after = machine.operations.pause(({ name, pid }) => name === "link" && pid === slow.pid);
  before.resume();
  await after.reached;
  // Nothing lies there now: a third one writes its own, and finds that the first one lives.
  const late = await claimService(third, STATE, { ...FACTS, port: 3002 });
  assert("running" in late);
  assert.equal(late.running.pid, first.pid);
  after.resume();
  const lost = await slowly;
  assert("running" in lost);
  assert.equal(lost.running.pid, first.pid);
  assert.equal((await runningService(machine.start(), STATE))?.pid, first.pid);
  assert.deepEqual(machine.names(STATE), ["service.json"]);
});

test("a successor takes the record over from the process that it follows, and from no other one", async () => {
  const { machine } = memoryRuntime();
  machine.putFolder(STATE);
  const [old, young, stranger] = [machine.start(), machine.start(), machine.start()];
  const before = await claimService(old, STATE, FACTS);
  const after = await claimService(young, STATE, { ...FACTS, version: "2025.11.2" }, old.pid);
  assert("release" in before && "release" in after);
  assert.equal(after.predecessor?.pid, old.pid);
  const other = await claimService(stranger, STATE, FACTS, old.pid);
  assert("running" in other && other.running.pid === young.pid);
  // The old one's farewell leaves the young one's record; a young one that dies leaves its place to the old one.
  await before.release();
  assert.equal((await runningService(stranger, STATE))?.pid, young.pid);
  assert.equal((await before.hold())?.pid, young.pid);
  young.kill();
  assert.equal(await before.hold(), undefined);
  assert.equal((await runningService(stranger, STATE))?.pid, old.pid);
});

test("a number that was given to another process is no running service (T34)", async () => {
  const runtime = memoryRuntime();
  const record = { pid: runtime.pid, processStart: "another boot/1", ...FACTS };
  runtime.machine.put(`${STATE}/service.json`, JSON.stringify(record));
  assert.equal(await runningService(runtime, STATE), undefined);
  assert("release" in await claimService(runtime, STATE, FACTS));
});

for (
  const damage of [
    "",
    "{",
    "[]",
    "null",
    '{"pid":1}',
    '{"pid":-1,"port":3000,"startedAt":1}',
    "x".repeat(99_999),
  ]
) {
  test(`a damaged record is no running service: ${damage.slice(0, 20)}`, async () => {
    const runtime = memoryRuntime();
    runtime.machine.put(`${STATE}/service.json`, damage);
    assert.equal(await runningService(runtime, STATE), undefined);
    const claim = await claimService(runtime, STATE, FACTS);
    assert("release" in claim);
    assert.equal((await runningService(runtime, STATE))?.pid, runtime.pid);
    await claim.release();
    assert.equal(await runningService(runtime, STATE), undefined);
  });
}
