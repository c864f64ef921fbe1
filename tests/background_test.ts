import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  type BackgroundCheckEvent,
  type BackgroundCheckOptions,
  startBackgroundChecks,
} from "../src/background.ts";
import { afterFailure, isDue, pauseUntil } from "../src/background_schedule.ts";
import { UpdateError } from "../src/errors.ts";
import type { MemoryRuntime } from "../src/runtime/memory.ts";
import { memoryPlace, NEW, OLD } from "./support/memory_place.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A program on a machine whose server answers as `answer` says; times of requests are counted from its start. */
function watched(
  options: Partial<BackgroundCheckOptions> = {},
  answer: () => Response | undefined = () => undefined,
) {
  const requests: number[] = [];
  const manifest = JSON.stringify({ latest: { stable: OLD }, versions: { [OLD]: {} } });
  const place = memoryPlace({
    clock: "manual",
    fetch: async () => {
      await Promise.resolve();
      requests.push(place.runtime.now() - start);
      return answer() ?? new Response(published ?? manifest);
    },
  });
  let published: string | undefined;
  let offset = 0;
  const start = place.runtime.now();
  const events: BackgroundCheckEvent[] = [];
  const updates: string[] = [];
  const run = (more: Partial<BackgroundCheckOptions> = {}, base: MemoryRuntime = place.runtime) => {
    const runtime = { ...base, now: () => base.now() + offset };
    return startBackgroundChecks({
      ...place.options,
      runtime,
      source: place.source,
      onCheck: (event) => void events.push(event),
      ...options,
      ...more,
    }, (update) => void updates.push(update.version));
  };
  return {
    place,
    requests,
    events,
    updates,
    run,
    start,
    publish: (text: string) => published = text,
    /** Puts the clock on the wall forward or back; timers do not notice. */
    jump: (milliseconds: number) => offset += milliseconds,
    pass: (milliseconds: number) => place.machine.clock.advance(milliseconds),
  };
}

const offer = JSON.stringify({
  latest: { stable: NEW },
  versions: {
    [NEW]: {
      platforms: { "linux-x86_64": { url: "https://releases.example/app.tar.gz", sha256: "0".repeat(64) } },
    },
  },
});

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

test("startBackgroundChecks() keeps a release back until it is old enough", async () => {
  const world = watched({ interval: HOUR, minimumAge: 6 * HOUR });
  const date = new Date(world.start).toISOString();
  const { versions, ...rest } = JSON.parse(offer);
  world.publish(JSON.stringify({ ...rest, versions: { [NEW]: { ...versions[NEW], date } } }));
  const stop = world.run();
  await world.pass(5.9 * HOUR);
  assert(world.requests.length >= 5);
  assert.deepEqual(world.updates, []);
  await world.pass(2 * HOUR);
  assert.equal(world.updates[0], NEW);
  stop();
});

test("startBackgroundChecks() does not ask more often when the program is started again and again", async () => {
  const world = watched({ interval: 6 * HOUR });
  for (let start = 0; start < 48 * 12; start++) {
    const stop = world.run();
    await world.pass(5 * MINUTE);
    stop();
  }
  assert(world.requests.length >= 7 && world.requests.length <= 9, `${world.requests.length}`);
});

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

test("startBackgroundChecks() keeps an update for the window, and looks again when it opens", async () => {
  const opens = Date.parse("2026-01-01T20:00:00Z");
  const world = watched({ interval: DAY, window: (time) => time >= opens && time < opens + HOUR });
  world.publish(offer);
  const first = world.run();
  await world.pass(2 * HOUR);
  assert.deepEqual(world.updates, []);
  first(); // Also a program that was started again knows what it waits for.
  const stop = world.run();
  await world.pass(opens - world.place.runtime.now() + 2 * MINUTE);
  assert.deepEqual(world.updates, [NEW]);
  assert.equal(world.requests.length, 2);
  await world.pass(HOUR);
  assert.equal(world.requests.length, 2);
  stop();
});

test("startBackgroundChecks() never throws into the program, whatever it throws", async () => {
  const world = watched();
  world.publish(offer);
  const errors: unknown[] = [];
  const stop = startBackgroundChecks({
    ...world.place.options,
    source: world.place.source,
    interval: HOUR,
    onCheck(event) {
      if (event.kind === "failed") errors.push(event.error);
      throw new Error("the report failed");
    },
  }, () => Promise.reject(new Error("the program failed")));
  await world.pass(HOUR);
  stop();
  assert(errors.length >= 2);
  assert.match(String(errors[0]), /the program failed/);
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

test("startBackgroundChecks() ends with its signal, also before it has begun", async () => {
  const world = watched({ interval: HOUR });
  const controller = new AbortController();
  world.run({ signal: controller.signal });
  await world.pass(HOUR);
  const count = world.requests.length;
  controller.abort();
  world.run({ signal: controller.signal });
  await world.pass(5 * HOUR);
  assert.equal(world.requests.length, count);
});

for (const interval of [0, MINUTE - 1, NaN, Infinity]) {
  test(`startBackgroundChecks() tells its caller that ${interval} ms is no interval`, () => {
    assert.throws(() => watched().run({ interval }), RangeError);
  });
}

test("afterFailure() believes a server for a day at most", () => {
  const before = { next: 0, failures: 3, isWaiting: false };
  const error = new UpdateError("RATE_LIMITED", "later", { url: "", until: 1000 * DAY });
  const after = afterFailure(before, 0, { interval: HOUR, chance: 0 }, error);
  assert.equal(after.next, DAY);
  assert.equal(isDue(after, 0, { interval: HOUR, isOpen: true }), false);
  assert.equal(pauseUntil(after, 0), HOUR);
});

test("a program with background checks ends when it has nothing else to do", async () => {
  const folder = await mkdtemp(join(tmpdir(), "background-"));
  try {
    const script = join(folder, "program.mjs");
    const options = JSON.stringify({
      currentVersion: OLD,
      source: "file:///nowhere/",
      stateDirectory: join(folder, "state"),
    });
    // The copy of this project that Node runs has other endings.
    const library = new URL(`../mod${extname(fileURLToPath(import.meta.url))}`, import.meta.url);
    await writeFile(
      script,
      `import { startBackgroundChecks } from ${JSON.stringify(library.href)};
startBackgroundChecks(${options}, () => {});
console.log("done");
`,
    );
    const isDeno = "deno" in process.versions;
    const config = fileURLToPath(new URL("../deno.json", import.meta.url));
    const args = isDeno ? ["run", "-A", "--no-check", "--quiet", "--config", config, script] : [script];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    let printed = "";
    child.stdout.on("data", (chunk: Uint8Array) => void (printed += new TextDecoder().decode(chunk)));
    const late = setTimeout(() => child.kill(), 300_000);
    const code = await new Promise((resolve) => void child.on("close", resolve));
    clearTimeout(late);
    assert.deepEqual([code, printed], [0, "done\n"]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
