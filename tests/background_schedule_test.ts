import assert from "node:assert/strict";
import { test } from "node:test";
import { afterFailure, isDue, pauseUntil } from "../src/background_schedule.ts";
import { UpdateError } from "../src/errors.ts";
import { DAY, HOUR, MINUTE, watched } from "./support/watched_program.ts";

test("startBackgroundChecks() asks once in each interval, over 48 hours", async () => {
  const world = watched({ interval: HOUR });
  const stop = world.run();
  await world.pass(48 * HOUR);
  stop();
  // The first within six minutes, then every 60 to 66 minutes.
  assert(world.requests.length >= 44 && world.requests.length <= 48, `${world.requests.length}`);
  world.requests.slice(1).forEach((time, index) => {
    const pause = time - world.requests[index]!;
    assert(pause >= HOUR && pause <= 1.1 * HOUR + 1, `${pause}`);
  });
  await world.pass(2 * HOUR);
  assert(world.requests.at(-1)! <= 48 * HOUR);
  assert.equal(world.place.machine.clock.waiting, 0);
});

test("startBackgroundChecks() sends exactly these requests in 48 hours of trouble", async () => {
  let answer = (): Response | undefined => undefined;
  const world = watched({ interval: HOUR }, () => answer());
  // Without chance every time is known: what is left of the spread and of the pauses between attempts is nothing.
  const stop = world.run({}, { ...world.place.runtime, random: (bytes) => new Uint8Array(bytes) });
  const unreachable = (): never => {
    throw new TypeError("network is unreachable");
  };
  const busyOnce = (): Response => {
    answer = () => undefined;
    return new Response("", { status: 429, headers: { "retry-after": "21600" } });
  };
  const phases: [what: string, begin: () => void, hours: number, requests: number][] = [
    ["at once, then every hour: 0:00 to 6:00", () => {}, 6.5, 7],
    // 7:00, then after 1/4, 1/2, 1, 1, 1 and 1 hours, each time with three more attempts.
    ["the network is down", () => answer = unreachable, 6, 7 * 4],
    ["it is back: 12:45, 13:45, 14:45", () => answer = () => undefined, 3, 3],
    ["the server asks for six hours at 15:45, and is asked at 21:45", () => answer = busyOnce, 6.5, 2],
    ["the clock jumps ten hours ahead", () => world.jump(10 * HOUR), 1, 1],
    ["the clock is set right again", () => world.jump(-10 * HOUR), 1, 1],
    ["the machine has slept for eight hours", () => world.jump(8 * HOUR), 1, 1],
    ["every hour again, to the end of the 48th", () => {}, 15, 15],
  ];
  for (const [what, begin, hours, expected] of phases) {
    const before = world.requests.length;
    begin();
    await world.pass(hours * HOUR);
    assert.equal(world.requests.length - before, expected, what);
  }
  stop();
  assert.equal(world.requests.length, 58);
});

test("startBackgroundChecks() spreads a fleet that starts at the same moment, and keeps it spread", async () => {
  const [first, pause]: [number[], number[]] = [[], []];
  for (let machine = 0; machine < 64; machine++) {
    const world = watched({ interval: 2 * HOUR });
    const random = (bytes: number) => new Uint8Array(bytes).fill(machine * 4);
    const stop = world.run({}, { ...world.place.runtime, random });
    await world.pass(3 * HOUR);
    stop();
    assert.equal(world.requests.length, 2);
    first.push(world.requests[0]!);
    pause.push(world.requests[1]! - world.requests[0]!);
  }
  for (const [times, from, length] of [[first, 0, 10 * MINUTE], [pause, 2 * HOUR, 12 * MINUTE]] as const) {
    for (let quarter = 0; quarter < 4; quarter++) {
      const begin = from + quarter * length / 4;
      const count = times.filter((time) => time >= begin && time < begin + length / 4).length;
      assert(count >= 15 && count <= 17, `${count} of 64 in quarter ${quarter}`);
    }
  }
});

test("startBackgroundChecks() looks at the clock every hour, however far away the next check is", async () => {
  const world = watched({ interval: 30 * DAY });
  const stop = world.run();
  await world.pass(HOUR);
  assert.equal(world.requests.length, 1);
  world.jump(34 * DAY);
  await world.pass(HOUR);
  assert.equal(world.requests.length, 2);
  stop();
});

test("startBackgroundChecks() survives sleep and clocks that jump, with one request for each", async () => {
  const world = watched({ interval: DAY });
  const stop = world.run();
  await world.pass(HOUR);
  assert.equal(world.requests.length, 1);
  world.jump(3 * DAY); // A closed lid: the hourly look finds that the check is due.
  await world.pass(HOUR);
  assert.equal(world.requests.length, 2);
  world.jump(-3 * DAY); // The clock was wrong, and is set right.
  await world.pass(HOUR + MINUTE);
  assert.equal(world.requests.length, 3);
  await world.pass(20 * HOUR);
  assert.equal(world.requests.length, 3);
  stop();
});

test("startBackgroundChecks() backs off while the network is down, and goes on when it is back", async () => {
  let isDown = true;
  const world = watched({ interval: DAY }, () => {
    if (isDown) throw new TypeError("network is unreachable");
    return undefined;
  });
  const stop = world.run();
  await world.pass(48 * HOUR);
  const failed = world.events.filter(({ kind }) => kind === "failed").length;
  // After 0, 1/4, 3/4, 7/4, 15/4, 31/4, 63/4, 127/4 hours, each with its retries of half a minute.
  assert(failed >= 7 && failed <= 9, `${failed}`);
  assert(world.requests.length <= failed * 4, `${world.requests.length}`);
  isDown = false;
  await world.pass(26.5 * HOUR);
  assert.equal(world.events.filter(({ kind }) => kind === "checked").length, 1);
  stop();
});

test("startBackgroundChecks() leaves a server alone for as long as it asks", async () => {
  let isBusy = true;
  const world = watched(
    { interval: HOUR },
    () => isBusy ? new Response("", { status: 429, headers: { "retry-after": "21600" } }) : undefined,
  );
  const stop = world.run();
  await world.pass(HOUR);
  assert.equal(world.requests.length, 1);
  isBusy = false;
  await world.pass(5 * HOUR - 10 * MINUTE);
  assert.equal(world.requests.length, 1);
  await world.pass(30 * MINUTE);
  assert.equal(world.requests.length, 2);
  stop();
});

test("afterFailure() believes a server for a day at most", () => {
  const before = { next: 0, failures: 3, isWaiting: false };
  const error = new UpdateError("RATE_LIMITED", "later", { url: "", until: 1000 * DAY });
  const after = afterFailure(before, 0, { interval: HOUR, chance: 0 }, error);
  assert.equal(after.next, DAY);
  assert.equal(isDue(after, 0, { interval: HOUR, isOpen: true }), false);
  assert.equal(pauseUntil(after, 0), HOUR);
});
