import assert from "node:assert/strict";
import { test } from "node:test";
import { HOUR, offer, watched } from "./support/watched_program.ts";

test("startBackgroundChecks() lets one of many processes ask, and calls that one back", async () => {
  const world = watched({ interval: HOUR });
  world.publish(offer);
  const stops = Array.from({ length: 8 }, () => world.run({}, world.place.machine.start()));
  await world.pass(12 * HOUR);
  for (const stop of stops) stop();
  assert(world.requests.length >= 11 && world.requests.length <= 12, `${world.requests.length}`);
  assert.equal(world.updates.length, world.requests.length);
});

test("startBackgroundChecks() takes the place of a process that was killed while it asked", async () => {
  const world = watched({ interval: HOUR });
  const victim = world.place.machine.start();
  const pause = world.place.machine.operations.pause(({ name }) => name === "fetch");
  world.run({}, victim);
  const advancing = world.pass(HOUR);
  await pause.reached;
  victim.kill();
  await advancing;
  const stop = world.run();
  await world.pass(HOUR);
  stop();
  assert.equal(world.requests.length, 1);
  const kinds = world.events.map(({ kind }) => kind).filter((kind) => kind !== "scheduled");
  assert.deepEqual(kinds.slice(-2), ["started", "checked"]);
});
