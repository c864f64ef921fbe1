import assert from "node:assert/strict";
import { test } from "node:test";
import { recover } from "../src/recover.ts";
import { updated, versions } from "./support/kept_versions.ts";
import { OLD } from "./support/memory_place.ts";

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
