import assert from "node:assert/strict";
import { test } from "node:test";
import { type MemoryRuntime, memoryRuntime } from "../../src/runtime/memory.ts";
import { Log } from "../../src/service/log.ts";
import { followLog, lastLines } from "../../src/service/read_log.ts";

const FOLDER = "/home/user/.local/state/cco/logs";
const START = Date.parse("2025-11-17T14:32:15.250Z");
const DAY = 24 * 3_600_000;

function opened(least?: "debug"): { runtime: MemoryRuntime; log: Log; echoed: string[] } {
  const runtime = memoryRuntime({ now: START, clock: "manual" });
  runtime.machine.putFolder(FOLDER.replace("/logs", ""));
  const echoed: string[] = [];
  const echo = (line: string): void => void echoed.push(line);
  return { runtime, echoed, log: new Log(runtime, { folder: FOLDER, echo, ...(least ? { least } : {}) }) };
}

test("a line of the log is as scripts expect it, in a file that only its owner reads", async () => {
  const { runtime, log, echoed } = opened();
  log.info("Starting update check");
  log.debug("not written");
  log.warn("Could not check for updates");
  log.error("It ended");
  await log.close();
  const lines = [
    "2025-11-17T14:32:15Z [INFO] Starting update check",
    "2025-11-17T14:32:15Z [WARN] Could not check for updates",
    "2025-11-17T14:32:15Z [ERROR] It ended",
  ];
  assert.equal(runtime.machine.read(`${FOLDER}/cco.log`), lines.join("\n") + "\n");
  assert.deepEqual(echoed, lines);
  assert.equal((await runtime.fs.stat(`${FOLDER}/cco.log`))?.mode, 0o600);
  assert.equal((await runtime.fs.stat(FOLDER))?.mode, 0o700);
});

test("details are written where they are wanted, and a log goes on after it was closed", async () => {
  const { runtime, log } = opened("debug");
  log.debug("one");
  await log.close();
  log.debug("two");
  await log.close();
  const text = "2025-11-17T14:32:15Z [DEBUG] one\n2025-11-17T14:32:15Z [DEBUG] two\n";
  assert.equal(runtime.machine.read(`${FOLDER}/cco.log`), text);
});

for (
  const text of ['beta\n{"level":"info"}', "a\r\n2025-11-17T14:32:15Z [INFO] forged", "x\u2028y", "\x1b[2Jz"]
) {
  test(`nothing makes a line of its own of ${JSON.stringify(text)} (T31)`, async () => {
    const { runtime, log } = opened();
    log.info(`Invalid channel: ${text}`);
    await log.close();
    const written = runtime.machine.read(`${FOLDER}/cco.log`)!;
    assert.equal(written.split("\n").length, 2);
    assert(!written.includes("\x1b") && !written.includes("\u2028"));
  });
}

test("a file is put aside at 10 MiB, and those of more than 30 days are removed", async () => {
  const { runtime, log } = opened();
  const names = () => runtime.machine.names(FOLDER);
  const line = "x".repeat(1900);
  const fill = async () => {
    for (let count = 0; count < 5600; count++) {
      log.info(line);
      if (count % 500 === 0) await log.close();
    }
    await log.close();
  };
  await fill();
  assert.deepEqual(names().sort(), ["cco-20251117T143215Z.log", "cco.log"]);
  assert((await runtime.fs.stat(`${FOLDER}/cco-20251117T143215Z.log`))!.size <= 10 * 1024 * 1024);
  await fill();
  assert.deepEqual(names().sort(), ["cco-20251117T143215Z-1.log", "cco-20251117T143215Z.log", "cco.log"]);
  const all = await lastLines(runtime, FOLDER, { count: 1_000_000 });
  assert.equal(all.lines.length, 11_200);
  await runtime.machine.clock.advance(31 * DAY);
  await fill();
  assert.deepEqual(names().sort(), ["cco-20251218T143215Z.log", "cco.log"]);
});

test("files of more than 30 days are removed at the start too, younger ones and others are not", async () => {
  const { runtime, log } = opened();
  const old = ["cco-20251117T143215Z.log", "cco-20251117T143215Z-1.log", "cco-notes.log"];
  for (const name of old) runtime.machine.put(`${FOLDER}/${name}`, "");
  await runtime.machine.clock.advance(29 * DAY);
  runtime.machine.put(`${FOLDER}/cco-20251216T143215Z.log`, "");
  log.info("one");
  await log.close();
  assert.equal(runtime.machine.names(FOLDER).length, 5);
  await runtime.machine.clock.advance(2 * DAY);
  const next = new Log(runtime, { folder: FOLDER });
  next.info("two");
  await next.close();
  const names = ["cco-20251216T143215Z.log", "cco-notes.log", "cco.log"];
  assert.deepEqual(runtime.machine.names(FOLDER).sort(), names);
});

test("a log that cannot be written ends nothing, and goes on when it can be", async () => {
  const { runtime, log, echoed } = opened();
  let isFull = true;
  runtime.machine.operations.fail("full", ({ name }) => isFull && name === "open");
  for (let count = 0; count < 2000; count++) log.info("lost");
  await log.close();
  assert(echoed.length >= 1000);
  isFull = false;
  log.info("kept");
  await log.close();
  assert.equal(runtime.machine.read(`${FOLDER}/cco.log`), "2025-11-17T14:32:15Z [INFO] kept\n");
});

test("lastLines() gives the newest lines of a level and above, and none where there is no log", async () => {
  const { runtime, log } = opened("debug");
  assert.deepEqual((await lastLines(runtime, FOLDER, { count: 5 })).lines, []);
  for (const level of ["debug", "info", "warn", "error"] as const) {
    for (const number of [1, 2]) log[level](`${level} ${number}`);
  }
  await log.close();
  const last = async (count: number, least: "debug" | "warn") =>
    (await lastLines(runtime, FOLDER, { count, least })).lines.map((line) => line.replace(/.*\] /, ""));
  assert.deepEqual(await last(3, "debug"), ["warn 2", "error 1", "error 2"]);
  assert.deepEqual(await last(3, "warn"), ["warn 2", "error 1", "error 2"]);
  assert.deepEqual(await last(9, "warn"), ["warn 1", "warn 2", "error 1", "error 2"]);
  assert.deepEqual(await last(0, "debug"), []);
});

test("followLog() misses no line, also when the file is put aside", async () => {
  const { runtime, log } = opened();
  log.info("before");
  await log.close();
  const { position } = await lastLines(runtime, FOLDER, { count: 1 });
  log.info("one");
  log.warn("two");
  await log.close();
  const controller = new AbortController();
  const lines: string[] = [];
  const following = (async () => {
    const options = { position, signal: controller.signal };
    for await (const line of followLog(runtime, FOLDER, options)) lines.push(line.replace(/.*\] /, ""));
  })();
  await runtime.machine.clock.advance(1000);
  log.info("three");
  await log.close();
  await runtime.fs.rename(`${FOLDER}/cco.log`, `${FOLDER}/cco-20251117T143216Z.log`);
  log.info("four");
  await log.close();
  await runtime.machine.clock.advance(1000);
  controller.abort();
  await following;
  assert.deepEqual(lines, ["one", "two", "three", "four"]);
});

test("followLog() goes on when the file is emptied, or removed and made again", async () => {
  const { runtime, log } = opened();
  log.info("before");
  await log.close();
  const { position } = await lastLines(runtime, FOLDER, { count: 1 });
  const controller = new AbortController();
  const lines: string[] = [];
  const following = (async () => {
    const options = { position, signal: controller.signal };
    for await (const line of followLog(runtime, FOLDER, options)) lines.push(line.replace(/.*\] /, ""));
  })();
  log.info("one");
  await log.close();
  await runtime.machine.clock.advance(1000);
  const file = await runtime.fs.open(`${FOLDER}/cco.log`, { access: "append" });
  await file.truncate(0);
  file.close();
  log.info("two");
  await log.close();
  await runtime.machine.clock.advance(1000);
  await runtime.fs.remove(`${FOLDER}/cco.log`);
  await runtime.machine.clock.advance(1000);
  log.info("three");
  await log.close();
  await runtime.machine.clock.advance(1000);
  controller.abort();
  await following;
  assert.deepEqual(lines, ["one", "two", "three"]);
});

test("followLog() tells only what matters enough", async () => {
  const { runtime, log } = opened();
  const controller = new AbortController();
  const lines: string[] = [];
  const position = { identity: undefined, offset: 0 };
  const following = (async () => {
    const options = { position, least: "warn", signal: controller.signal } as const;
    for await (const line of followLog(runtime, FOLDER, options)) lines.push(line.replace(/.*\] /, ""));
  })();
  log.info("one");
  log.warn("two");
  log.error("three");
  await log.close();
  await runtime.machine.clock.advance(1000);
  controller.abort();
  await following;
  assert.deepEqual(lines, ["two", "three"]);
});
