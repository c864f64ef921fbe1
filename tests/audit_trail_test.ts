import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { readAttempts, recordAttempt, type UpdateAttempt } from "../src/audit_trail.ts";
import { type MemoryRuntime, memoryRuntime } from "../src/runtime/memory.ts";
import { selfUpdate } from "../src/self_update.ts";
import { memoryPlace, NEW, OLD } from "./support/memory_place.ts";
import { NO_SCRIPTS, scriptApp, withRealPlace } from "./support/real_place.ts";

const FOLDER = "/home/user/.local/state/app";
const TRAIL = `${FOLDER}/update.log.jsonl`;
const NOW = Date.parse("2025-11-17T14:32:15.250Z");
const ATTEMPT: UpdateAttempt = {
  time: NOW,
  user: "ann",
  how: "cli",
  what: "update",
  from: "1.0.0",
  to: "2.0.0",
  sha256: "ab".repeat(32),
  keyIds: ["0123456789ABCDEF"],
  source: "https://example.com/version-manifest.json",
  result: "updated",
};

function machine(): { runtime: MemoryRuntime; options: { runtime: MemoryRuntime; stateDirectory: string } } {
  const runtime = memoryRuntime({ now: NOW, clock: "manual" });
  runtime.machine.putFolder("/home/user");
  return { runtime, options: { runtime, stateDirectory: FOLDER } };
}

test("an attempt is one line of JSON in a file that only its owner reads", async () => {
  const { runtime, options } = machine();
  assert(await recordAttempt(ATTEMPT, options));
  const line = runtime.machine.read(TRAIL)!;
  assert.deepEqual(JSON.parse(line), {
    time: "2025-11-17T14:32:15Z",
    user: "ann",
    uid: runtime.uid,
    how: "cli",
    what: "update",
    from: "1.0.0",
    to: "2.0.0",
    sha256: "ab".repeat(32),
    key_ids: ["0123456789ABCDEF"],
    source: "https://example.com/version-manifest.json",
    result: "updated",
  });
  assert.equal(runtime.machine.mode(TRAIL), 0o600);
  assert(await recordAttempt({ ...ATTEMPT, result: "failed", error: "DIGEST_MISMATCH" }, options));
  const attempts = await readAttempts(options);
  assert.deepEqual(attempts.map(({ result, error }) => [result, error]), [
    ["updated", undefined],
    ["failed", "DIGEST_MISMATCH"],
  ]);
});

for (
  const hostile of [
    'x\n{"time":"2025-11-17T14:32:15Z","how":"cli","what":"update","result":"updated"}',
    "x\r\ny",
    "x\u2028y\u2029z\u0085",
    "\x1b[2J\x1b]0;owned\x07x",
    "\u202eevil",
    "x".repeat(100_000),
  ]
) {
  test(`nothing makes a second line, or steers a terminal: ${JSON.stringify(hostile.slice(0, 40))} (T31)`, async () => {
    const { runtime, options } = machine();
    const texts = {
      user: hostile,
      how: hostile,
      from: hostile,
      to: hostile,
      sha256: hostile,
      result: hostile,
    };
    assert(
      await recordAttempt(
        { ...ATTEMPT, ...texts, source: hostile, error: hostile, keyIds: [hostile] },
        options,
      ),
    );
    const text = runtime.machine.read(TRAIL)!;
    assert.equal(text.split(/[\n\r\u0085\u2028\u2029]/).length, 2);
    for (const letter of ["\x1b", "\x07", "\u202e", "\\u001b"]) assert(!text.includes(letter), letter);
    assert(text.length < 6000);
    assert.equal((await readAttempts(options)).length, 1);
  });
}

test("an address is recorded without what opens it (T32)", async () => {
  const { runtime, options } = machine();
  const source = "https://ann:s3cret@example.com/manifest.json?token=s3cret#s3cret";
  await recordAttempt({ ...ATTEMPT, source }, options);
  assert(!runtime.machine.read(TRAIL)!.includes("s3cret"));
});

test("at 1 MiB the trail is put aside, and what was put aside before goes", async () => {
  const { runtime, options } = machine();
  const full = (letter: string): Uint8Array => new TextEncoder().encode(letter.repeat(1024 * 1024));
  runtime.machine.put(TRAIL, full("a"), { mode: 0o600 });
  await recordAttempt(ATTEMPT, options);
  assert.equal((await readAttempts(options)).length, 1);
  assert.deepEqual(runtime.machine.names(FOLDER).sort(), ["update.log.1.jsonl", "update.log.jsonl"]);
  runtime.machine.put(TRAIL, full("b"), { mode: 0o600 });
  await recordAttempt(ATTEMPT, options);
  assert(runtime.machine.read(`${FOLDER}/update.log.1.jsonl`)!.startsWith("b"));
  assert.equal(runtime.machine.mode(`${FOLDER}/update.log.1.jsonl`), 0o600);
});

test("readAttempts() leaves damaged lines out, and finds nothing where there is no trail (T35)", async () => {
  const { runtime, options } = machine();
  assert.deepEqual(await readAttempts(options), []);
  await recordAttempt(ATTEMPT, options);
  const good = runtime.machine.read(TRAIL)!;
  const damaged = [
    "",
    "null",
    "[]",
    "{",
    '{"time":"soon"}',
    '{"time":"2025-01-01T00:00:00Z","how":1}',
    "\0\xff",
  ];
  runtime.machine.put(TRAIL, new TextEncoder().encode(damaged.join("\n") + "\n" + good), { mode: 0o600 });
  assert.equal((await readAttempts(options)).length, 1);
});

test("a trail that cannot be written ends nothing, and a link is not followed (T24)", async () => {
  const { runtime, options } = machine();
  runtime.machine.put("/home/user/precious", new TextEncoder().encode("mine"), { mode: 0o644 });
  runtime.machine.putFolder(FOLDER);
  runtime.machine.putLink("/home/user/precious", TRAIL);
  assert.equal(await recordAttempt(ATTEMPT, options), false);
  assert.equal(runtime.machine.read("/home/user/precious"), "mine");
  runtime.machine.operations.fail("full", ({ name }) => name === "open");
  assert.equal(await recordAttempt(ATTEMPT, options), false);
});

test("lines of processes that write at the same time stay whole", async () => {
  const folder = await fs.mkdtemp(join(tmpdir(), "audit-"));
  try {
    const options = { stateDirectory: folder };
    const attempts = Array.from({ length: 50 }, (_, index) => ({ ...ATTEMPT, to: `${index}.0.0` }));
    assert((await Promise.all(attempts.map((attempt) => recordAttempt(attempt, options)))).every(Boolean));
    const read = await readAttempts(options);
    assert.deepEqual(new Set(read.map(({ to }) => to)).size, 50);
    const { mode } = await fs.stat(join(folder, "update.log.jsonl"));
    if (process.platform !== "win32") assert.equal(mode & 0o777, 0o600);
  } finally {
    await fs.rm(folder, { recursive: true });
  }
});

for (
  const { what, script, result, error } of [
    { what: "works", script: "", result: "updated", error: undefined },
    {
      what: "works only under its temporary name",
      script: 'case "$0" in */app) exit 7;; esac',
      result: "rolled-back",
      error: "PROBE_FAILED",
    },
  ]
) {
  test(
    `selfUpdate() tells of an attempt to install a version that ${what}`,
    { skip: NO_SCRIPTS },
    () =>
      withRealPlace(async (place) => {
        place.publish({ content: scriptApp(NEW, script) });
        const { options, source } = place;
        const onAttempt = (attempt: UpdateAttempt) => recordAttempt(attempt, options);
        assert.equal((await selfUpdate({ ...options, source, onAttempt })).outcome, result);
        const [attempt, ...others] = await readAttempts(options);
        assert.deepEqual(others, []);
        const { how, what: was, from, to } = attempt!;
        assert.deepEqual([how, was, from, to], ["library", "update", OLD, NEW]);
        assert.deepEqual([attempt!.result, attempt!.error], [result, error]);
        assert.match(attempt!.sha256!, /^[0-9a-f]{64}$/);
      }),
  );
}

test("selfUpdate() tells of a failed attempt by its code, and what the listener throws changes nothing", async () => {
  const place = memoryPlace();
  place.publish({ asset: { sha256: "0".repeat(64) } });
  const told: UpdateAttempt[] = [];
  const onAttempt = (attempt: UpdateAttempt): void => {
    told.push(attempt);
    throw new Error("the listener's own failure");
  };
  const run = () => selfUpdate({ ...place.options, source: place.source, onAttempt });
  const failed = await run().then(() => undefined, (error) => error);
  assert(failed !== undefined);
  assert.equal(told.length, 1);
  assert.deepEqual([told[0]!.result, told[0]!.error], ["failed", "DIGEST_MISMATCH"]);
  assert.equal(failed.code, "DIGEST_MISMATCH");
  place.publish();
  assert.equal((await run()).outcome, "updated");
  // Nothing newer: nothing was attempted.
  assert.equal(
    (await selfUpdate({ ...place.options, currentVersion: NEW, source: place.source, onAttempt })).outcome,
    "up-to-date",
  );
  assert.equal(told.length, 2);
});
