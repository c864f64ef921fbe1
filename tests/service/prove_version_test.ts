import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryRuntime } from "../../src/runtime/memory.ts";
import { initialState } from "../../src/service/health.ts";
import { Log } from "../../src/service/log.ts";
import { proveVersion } from "../../src/service/prove_version.ts";

const MINUTE = 60_000;

/** A service that is watched for ten minutes, on a clock that goes as far as it is told. */
function watched() {
  const runtime = memoryRuntime({ clock: "manual" });
  const state = initialState({ version: "2025.11.2", pid: 77, startedAt: 0, lastCheck: undefined });
  const lines: string[] = [];
  let proofs = 0;
  const log = new Log(runtime, { folder: "/home/user/logs", echo: (line) => lines.push(line.slice(21)) });
  const watch = (onProven: () => Promise<void> = () => Promise.resolve(void proofs++)) =>
    proveVersion({ runtime, log, provenAfter: 10 * MINUTE, onProven }, state);
  const pass = (minutes: number) => runtime.machine.clock.advance(minutes * MINUTE);
  return { state, lines, watch, pass, proofs: () => proofs };
}

test("proveVersion() takes a service that was well for long enough as proof, once", async () => {
  const { watch, pass, proofs } = watched();
  const { end } = watch();
  await pass(9);
  assert.equal(proofs(), 0);
  await pass(60);
  assert.equal(proofs(), 1);
  await end(false);
  assert.equal(proofs(), 1);
});

test("proveVersion() waits once more where the service is degraded at the end", async () => {
  const { state, watch, pass, proofs } = watched();
  const { end } = watch();
  state.failing = "NETWORK";
  await pass(15);
  assert.equal(proofs(), 0);
  state.failing = undefined;
  await pass(6);
  assert.equal(proofs(), 1);
  await end(false);
});

for (
  const [what, failing, isProof, expected] of [
    ["an orderly end", undefined, true, 1],
    ["an orderly end of a service that is degraded", "NETWORK", true, 0],
    ["giving its place up", undefined, false, 0],
  ] as const
) {
  test(`proveVersion() counts ${what} as ${expected === 1 ? "proof" : "none"}`, async () => {
    const { state, watch, pass, proofs } = watched();
    const { end } = watch();
    await pass(1);
    state.failing = failing;
    await end(isProof);
    await pass(60);
    assert.equal(proofs(), expected);
  });
}

test("proveVersion() writes down that a proof could not be remembered, and goes on", async () => {
  const { lines, watch, pass } = watched();
  const { end } = watch(() => Promise.reject(new Error("the disk is full")));
  await pass(11);
  await end(true);
  assert.deepEqual(lines, ["[WARN] the disk is full", "[WARN] the disk is full"]);
});
