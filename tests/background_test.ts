import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { startBackgroundChecks } from "../src/background.ts";
import { NEW, OLD } from "./support/memory_place.ts";
import { DAY, HOUR, MINUTE, offer, watched } from "./support/watched_program.ts";

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
