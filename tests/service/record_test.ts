import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryRuntime } from "../../src/runtime/memory.ts";
import { claimService, runningService } from "../../src/service/record.ts";

const STATE = "/home/user/.local/state/cco";
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
