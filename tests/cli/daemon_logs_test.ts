/** `cco daemon logs`, with a log that a service has written, or writes at this moment. */

import assert from "node:assert/strict";
import { appendFile, mkdir, rename, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { TestWorld } from "./world.ts";

const LINES = [
  "2025-11-17T14:32:15Z [INFO] Starting update check",
  "2025-11-17T14:32:16Z [WARN] Could not check for updates: no network",
  "2025-11-17T14:47:16Z [ERROR] Rollback failed: a human is needed",
];

async function withLog(world: TestWorld): Promise<string> {
  const folder = join(world.home, ".local/state/cco/logs");
  await mkdir(folder, { recursive: true });
  const path = join(folder, "cco.log");
  await writeFile(path, LINES.map((line) => line + "\n").join(""), { mode: 0o600 });
  return path;
}

for (
  const [words, expected] of [
    ["daemon logs", LINES],
    ["daemon logs -n 2", LINES.slice(1)],
    ["daemon logs --lines 1", LINES.slice(2)],
    ["daemon logs -n 0", []],
    ["daemon logs --level warn", LINES.slice(1)],
    ["daemon logs --level ERROR -n 5", LINES.slice(2)],
  ] as const
) {
  test(`cco ${words} shows ${expected.length} lines`, async () => {
    await using world = await TestWorld.make();
    await withLog(world);
    const { code, stdout } = await world.run(words);
    assert.equal(code, 0);
    assert.equal(stdout, expected.map((line) => line + "\n").join(""));
  });
}

test("cco daemon logs shows nothing where nothing was logged", async () => {
  await using world = await TestWorld.make();
  assert.deepEqual(await world.run("daemon logs"), { code: 0, stdout: "", stderr: "" });
});

test("the guide's filter for update events finds them", async () => {
  await using world = await TestWorld.make();
  await withLog(world);
  const { stdout } = await world.run("daemon logs");
  assert.equal(stdout.split("\n").filter((line) => /update/i.test(line)).length, 2);
});

test("cco daemon logs --follow goes on, also when the file is put aside or emptied, until Ctrl-C", async () => {
  await using world = await TestWorld.make();
  const path = await withLog(world);
  const shown: string[] = [];
  world.onOutput = (text) => void shown.push(...text.split("\n").filter((line) => line !== ""));
  const seen = async (text: string): Promise<void> => {
    const end = Date.now() + 60_000;
    while (!shown.some((line) => line.endsWith(text))) {
      assert(Date.now() < end, `never seen: ${text}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const write = (text: string) => appendFile(path, `2025-11-17T15:00:00Z [INFO] ${text}\n`);
  const following = world.run("daemon logs --follow -n 1");
  await seen("a human is needed");
  await write("one");
  await seen("one");
  await write("two");
  await rename(path, path.replace("cco.log", "cco-20251117T150001Z.log"));
  await write("three");
  await seen("three");
  await truncate(path);
  await write("4");
  await seen("4");
  world.interrupt();
  assert.equal((await following).code, 0);
  assert.deepEqual(shown.map((line) => line.replace(/.*\] /, "")), [
    "Rollback failed: a human is needed",
    "one",
    "two",
    "three",
    "4",
  ]);
});

test("cco daemon logs --follow ends when its lines cannot be written", async () => {
  await using world = await TestWorld.make();
  const path = await withLog(world);
  const begun = Promise.withResolvers<void>();
  let isFull = false;
  world.onOutput = () => {
    if (isFull) throw new Error("No space left on device");
    begun.resolve();
  };
  const following = world.run("daemon logs --follow -n 1");
  await begun.promise;
  isFull = true;
  await appendFile(path, "2025-11-17T15:00:00Z [INFO] one\n");
  const { code, stderr } = await following;
  assert.equal(code, 1);
  assert.match(stderr, /^Cannot write to standard output: No space left on device/);
});

test("cco daemon logs refuses what has no meaning", async () => {
  await using world = await TestWorld.make();
  for (const words of ["-n -1", "-n ten", "--level loud", "--follow --json", "--follow --audit"]) {
    assert.equal((await world.run(`daemon logs ${words}`)).code, 2, words);
  }
});
