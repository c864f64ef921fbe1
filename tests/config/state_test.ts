import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { systemRuntime } from "../../machine.ts";
import { memoryRuntime } from "../../src/runtime/memory.ts";
import { changeState, EMPTY_STATE, readState, type StateRuntime } from "../../src/config/state.ts";

const NOW = Date.parse("2025-11-17T15:00:00Z");
const runtime: StateRuntime = { ...systemRuntime(), now: () => NOW };
const FOUND = { latest: "2025.11.2", channel: "stable", current: "2025.11.1", offered: "2025.11.2" };

async function withFolder(action: (folder: string, file: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "cco-state-"));
  try {
    await action(folder, join(folder, "state.json"));
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("what changeState() writes readState() reads, and other fields stay", async () => {
  await withFolder(async (folder) => {
    assert.equal(await changeState(runtime, folder, { lastCheck: NOW, found: FOUND }), "written");
    assert.equal(await changeState(runtime, folder, { lastUpdate: NOW - 1000 }), "written");
    assert.deepEqual(await readState(runtime, folder), {
      state: { ...EMPTY_STATE, lastCheck: NOW, lastUpdate: NOW - 1000, found: FOUND },
      damaged: undefined,
    });
    const { mode } = (await runtime.fs.stat(join(folder, "state.json")))!;
    assert.equal(mode, systemRuntime().os === "windows" ? undefined : 0o600);
    assert.deepEqual(await readdir(folder), ["state.json"]);
  });
});

test("changeState() makes the folder; without one nothing happens", async () => {
  await withFolder(async (folder) => {
    assert.equal(await changeState(runtime, join(folder, "a", "b"), { lastCheck: NOW }), "written");
    assert.equal(await changeState(runtime, undefined, { lastCheck: NOW }), "failed");
    await writeFile(join(folder, "file"), "");
    assert.equal(await changeState(runtime, join(folder, "file"), { lastCheck: NOW }), "failed");
  });
});

const lasting: [what: string, changes: Parameters<typeof changeState>[2], left: string[]][] = [
  ["a check may be taken back by a power cut, and leaves no damage", { lastCheck: NOW + 1 }, ["new", "old"]],
  ["an update that is remembered stays remembered", { lastCheck: NOW + 1, lastUpdate: NOW }, ["new"]],
];

for (const [what, changes, left] of lasting) {
  test(what, async () => {
    const memory = memoryRuntime({ now: NOW });
    memory.machine.putFolder("/state");
    await changeState(memory, "/state", { lastCheck: NOW, lastUpdate: NOW - 1 });
    await changeState(memory, "/state", changes);
    const found = await Promise.all([...memory.machine.disk.powerCuts()].map(async ({ disk }) => {
      const { state, damaged } = await readState({ ...memory, fs: memoryRuntime({ disk }).fs }, "/state");
      assert.equal(damaged, undefined);
      return state.lastCheck === changes.lastCheck ? "new" : "old";
    }));
    assert.deepEqual([...new Set(found)].sort(), left);
  });
}

const damaged: [name: string, text: string, why: RegExp][] = [
  ["no JSON", "{", /JSON|position|property/i],
  ["a list", "[]", /not an object/],
  ["too large", " ".repeat(70_000), /too large/],
  ["a time from the future", '{"last_check":"2025-11-19T00:00:00Z"}', /last_check cannot be used/],
  ["a time that is none", '{"last_update":"yesterday"}', /last_update/],
  [
    "a version that is none",
    '{"found":{"latest":"\\u001b[2J","current":"1.0.0","channel":"stable"}}',
    /found/,
  ],
];

for (const [name, text, why] of damaged) {
  test(`state with ${name} is damaged, put aside and replaced (T35)`, async () => {
    await withFolder(async (folder, file) => {
      await writeFile(file, text);
      const { state, damaged } = await readState(runtime, folder);
      assert.match(damaged!, why);
      assert.equal(state.lastCheck, undefined);
      assert.equal(await changeState(runtime, folder, { lastCheck: NOW }), "mended");
      assert.equal(await readFile(`${file}.damaged`, "utf8"), text);
      assert.equal((await readState(runtime, folder)).state.lastCheck, NOW);
    });
  });
}

test("what of a damaged file can be used is used", async () => {
  await withFolder(async (folder, file) => {
    await writeFile(file, '{"last_check":"2025-11-17T14:32:15Z","last_update":7}');
    assert.equal((await readState(runtime, folder)).state.lastCheck, Date.parse("2025-11-17T14:32:15Z"));
  });
});

test("a folder or somebody else's file in the place of the state is damaged", async () => {
  await withFolder(async (folder, file) => {
    await mkdir(file);
    assert.match((await readState(runtime, folder)).damaged!, /not a file/);
    assert.equal(await changeState(runtime, folder, { lastCheck: NOW }), "mended");
    const stranger = { ...runtime, uid: 4321, fs: { ...runtime.fs, open: foreign } };
    assert.match((await readState(stranger, folder)).damaged!, /belongs to user 1234/);
  });
  async function foreign(...args: Parameters<typeof runtime.fs.open>): ReturnType<typeof runtime.fs.open> {
    const opened = await runtime.fs.open(...args);
    const info = await opened.stat();
    opened.stat = () => Promise.resolve({ ...info, uid: 1234 });
    return opened;
  }
});

test("500 random state files never crash and never yield a time from the future (T35)", async () => {
  const fields = fc.dictionary(
    fc.constantFrom("last_check", "last_update", "last_notice", "found", "__proto__", "other"),
    fc.oneof(
      fc.json().map((text): unknown => JSON.parse(text)),
      fc.constantFrom("9999-12-31T23:59:59Z", NOW),
    ),
  );
  await withFolder(async (folder, file) => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fields.map((value) => JSON.stringify(value)), fc.string()), async (text) => {
        await writeFile(file, text);
        const { state } = await readState(runtime, folder);
        for (const time of [state.lastCheck, state.lastUpdate, state.lastNotice]) {
          assert(time === undefined || (time >= 0 && time <= NOW + 24 * 3_600_000));
        }
      }),
      { numRuns: 500 },
    );
  });
});
