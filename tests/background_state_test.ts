import assert from "node:assert/strict";
import { test } from "node:test";
import { startBackgroundChecks } from "../src/background.ts";
import { NEW } from "./support/memory_place.ts";
import { DAY, HOUR, MINUTE, offer, watched } from "./support/watched_program.ts";

test("startBackgroundChecks() does not ask more often when the program is started again and again", async () => {
  const world = watched({ interval: 6 * HOUR });
  for (let start = 0; start < 48 * 12; start++) {
    const stop = world.run();
    await world.pass(5 * MINUTE);
    stop();
  }
  assert(world.requests.length >= 7 && world.requests.length <= 9, `${world.requests.length}`);
});

test("startBackgroundChecks() checks where nothing can be written down, at its own pace", async () => {
  const world = watched({ interval: HOUR });
  world.place.machine.operations.fail(
    "read-only",
    ({ path, name }) => path.startsWith(world.place.state("")) && name !== "stat",
  );
  const stop = world.run();
  await world.pass(5 * HOUR);
  stop();
  assert(world.requests.length >= 4 && world.requests.length <= 5, `${world.requests.length}`);
});

test("startBackgroundChecks() counts a damaged schedule and one of another interval as due", async () => {
  for (const kept of ["{", '{"next":1e300}', `{"next":${Date.now() * 9},"failures":0,"isWaiting":false}`]) {
    const world = watched({ interval: HOUR });
    world.place.machine.put(world.place.state("background.json"), kept);
    const stop = world.run();
    await world.pass(10 * MINUTE);
    stop();
    assert.equal(world.requests.length, 1, kept);
  }
});

test("startBackgroundChecks() looks again soon after the program was stopped or killed while it acted", async () => {
  for (const end of ["stop", "kill"] as const) {
    const world = watched({ interval: 7 * DAY });
    world.publish(offer);
    const victim = world.place.machine.start();
    let cancel = (_: unknown): void => {};
    let act = (): void => {};
    const acting = new Promise<void>((resolve) => act = resolve);
    const cut = startBackgroundChecks(
      { ...world.place.options, runtime: victim, source: world.place.source, interval: 7 * DAY },
      () => {
        act();
        // What is under way is cancelled with the program.
        return new Promise((_, reject) => void (cancel = reject));
      },
    );
    await world.pass(11 * MINUTE);
    await acting;
    if (end === "kill") victim.kill();
    cut();
    cancel(new Error("cancelled"));
    const asked = world.requests.length;
    const stop = world.run();
    await world.pass(20 * MINUTE);
    assert.equal(world.requests.length, asked + 1, end);
    assert.deepEqual(world.updates, [NEW], end);
    // It was acted on this time: the next check is the regular one.
    await world.pass(DAY);
    assert.equal(world.requests.length, asked + 1, end);
    stop();
  }
});

test("startBackgroundChecks() begun anew with a shorter interval is due that long after the last check", async () => {
  const world = watched({ interval: DAY });
  const first = world.run();
  await world.pass(HOUR);
  first();
  assert.equal(world.requests.length, 1);
  const second = world.run({ interval: 6 * HOUR });
  await world.pass(4 * HOUR);
  assert.equal(world.requests.length, 1);
  await world.pass(2 * HOUR);
  assert.equal(world.requests.length, 2);
  second();
  // A longer one does not put off what was planned.
  const third = world.run({ interval: 7 * DAY });
  await world.pass(7 * HOUR);
  assert.equal(world.requests.length, 3);
  third();
});

test("startBackgroundChecks() does not check at each beginning where nothing can be written down", async () => {
  const world = watched({ interval: DAY });
  const due = JSON.stringify({ next: 0, failures: 0, isWaiting: false });
  world.place.machine.put(world.place.state("background.json"), due);
  world.place.machine.operations.fail(
    "read-only",
    ({ path, name }) =>
      path.startsWith(world.place.state("")) && !["stat", "list"].includes(name) && /claim|json\./.test(path),
  );
  for (let begun = 0; begun < 10; begun++) {
    const stop = world.run();
    await world.pass(11 * MINUTE);
    stop();
  }
  assert.equal(world.requests.length, 1);
});
