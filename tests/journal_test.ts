import assert from "node:assert/strict";
import { test } from "node:test";
import { besideName, isBesideName, pathsOf } from "../src/installation.ts";
import { claimInstallation, readRecord } from "../src/journal.ts";
import { isMarkAlive, isSameStart, processMark } from "../src/journal_process.ts";
import { type MemoryRuntime, memoryRuntime } from "../src/runtime/memory.ts";
import { failsWith } from "./support/fails_with.ts";

const INSTALLATION = pathsOf("/opt/app/app");
const STAGED = ".app.new-0123456789abcdef";
const FACTS = {
  from: { version: "1.0.0", sha256: "a".repeat(64) },
  to: { version: "2.0.0", sha256: null },
  staged: STAGED,
};

test("claimInstallation() writes a record that names its process, and readRecord() reads it", async () => {
  const runtime = start();
  const claim = await claimInstallation(runtime, INSTALLATION, FACTS);
  const state = await readRecord(runtime, INSTALLATION);
  assert(state.kind === "valid");
  assert.equal(state.isWriterAlive, true);
  assert.deepEqual(state.record, claim.record);
  assert.deepEqual({ ...FACTS, schema: 1, displaced: null, pid: runtime.pid }, {
    from: state.record.from,
    to: state.record.to,
    staged: state.record.staged,
    schema: state.record.schema,
    displaced: state.record.displaced,
    pid: state.record.pid,
  });
  assert.deepEqual(runtime.machine.names("/opt/app"), [".app.update.json"]);
});

test("claimInstallation() fails while another claim is there, also one of the same process", async () => {
  const runtime = start();
  const other = runtime.machine.start();
  await claimInstallation(runtime, INSTALLATION, FACTS);
  for (const process of [runtime, other]) {
    await failsWith(claimInstallation(process, INSTALLATION, FACTS), "UPDATE_IN_PROGRESS", {
      pid: runtime.pid,
      record: INSTALLATION.record,
    });
  }
  assert.deepEqual(runtime.machine.names("/opt/app"), [".app.update.json"]);
});

test("claimInstallation() does not know whose a damaged record is", async () => {
  const runtime = start();
  runtime.machine.put(INSTALLATION.record, "{");
  await failsWith(claimInstallation(runtime, INSTALLATION, FACTS), "UPDATE_IN_PROGRESS", { pid: 0 });
});

test("a claim that is released leaves nothing, and releasing it again does nothing", async () => {
  const runtime = start();
  const claim = await claimInstallation(runtime, INSTALLATION, FACTS);
  await claim.release();
  await claim.release();
  assert.deepEqual(runtime.machine.names("/opt/app"), []);
  await claimInstallation(runtime, INSTALLATION, FACTS);
});

test("a claim does not release or amend the record of another one", async () => {
  const runtime = start();
  const first = await claimInstallation(runtime, INSTALLATION, FACTS);
  await first.release();
  const second = await claimInstallation(runtime, INSTALLATION, FACTS);
  const content = runtime.machine.read(INSTALLATION.record);
  await first.release();
  await failsWith(first.amend({ displaced: null }), "UPDATE_IN_PROGRESS");
  assert.equal(runtime.machine.read(INSTALLATION.record), content);
  assert.equal(second.record.to.sha256, null);
});

test("a claim is amended on disk first: what cannot be written is not believed", async () => {
  const runtime = start();
  const claim = await claimInstallation(runtime, INSTALLATION, FACTS);
  const to = { version: "2.0.0", sha256: "b".repeat(64) };
  const end = runtime.machine.operations.fail("full", ({ name }) => name === "append");
  await assert.rejects(claim.amend({ to }), { kind: "full" });
  assert.equal(claim.record.to.sha256, null);
  end();
  for (
    const displaced of [
      ".app.old-0123456789abcdef",
      "app.backup.0001",
      "app.backup.12345",
      "app.backup.older-0001",
    ]
  ) {
    await claim.amend({ to, displaced, keep: 3 });
    const state = await readRecord(runtime, INSTALLATION);
    assert(state.kind === "valid");
    assert.deepEqual(state.record, claim.record);
    assert.equal(state.record.to.sha256, to.sha256);
  }
});

test("readRecord() knows that the writer is dead, and when its number was given out again", async () => {
  const runtime = start();
  const writer = runtime.machine.start({ pid: 77 });
  await claimInstallation(writer, INSTALLATION, FACTS);
  const isAlive = async () => {
    const state = await readRecord(runtime, INSTALLATION);
    return state.kind === "valid" && state.isWriterAlive;
  };
  assert.equal(await isAlive(), true);
  writer.kill();
  assert.equal(await isAlive(), false);
  runtime.machine.start({ pid: 77 });
  assert.equal(await isAlive(), false);
});

test("readRecord() finds none where none is", async () => {
  assert.deepEqual(await readRecord(start(), INSTALLATION), { kind: "none" });
});

const torn: [name: string, change: (text: string) => string][] = [
  ["is empty", () => ""],
  ["is cut off", (text) => text.slice(0, 50)],
  ["is zeros, as some file systems leave it", (text) => "\0".repeat(text.length)],
  ["is a list", () => "[]"],
  ["is null", () => "null"],
  ["is larger than any record", (text) => text + " ".repeat(20_000)],
  ["names a file outside the folder", (text) => text.replace(STAGED, "../../etc/passwd")],
  ["names a file that is not ours", (text) => text.replace(STAGED, "app.conf")],
  ["names the executable as staged", (text) => text.replace(STAGED, "app")],
];

for (const [name, change] of torn) {
  test(`readRecord() calls a record damaged that ${name}`, async () => {
    const runtime = start();
    await claimInstallation(runtime, INSTALLATION, FACTS);
    runtime.machine.put(INSTALLATION.record, change(runtime.machine.read(INSTALLATION.record)!));
    assert.deepEqual(await readRecord(runtime, INSTALLATION), { kind: "damaged" });
  });
}

for (const processStart of ["1/1", "Sat Jan 3 10:00:00 2026", "a\nb"]) {
  test(`isMarkAlive() knows the mark of a process that started at ${JSON.stringify(processStart)}`, async () => {
    const runtime = {
      pid: 42,
      processStart: (pid: number) => Promise.resolve(pid === 42 ? processStart : undefined),
    };
    const mark = await processMark(runtime);
    assert.equal(await isMarkAlive(runtime, mark), true);
    const later = { processStart: () => Promise.resolve(`${processStart} later`) };
    assert.equal(await isMarkAlive(later, mark), false);
    assert.equal(await isMarkAlive({ processStart: () => Promise.resolve(undefined) }, mark), false);
    assert.equal(await isMarkAlive(runtime, undefined), false);
  });
}

test("besideName() makes names that isBesideName() knows, and Windows can run", () => {
  for (const os of ["linux", "windows"] as const) {
    const name = besideName(memoryRuntime({ os }), INSTALLATION, "new");
    assert.equal(isBesideName(INSTALLATION, "new", name), true);
    assert.equal(isBesideName(INSTALLATION, "old", name), false);
    assert.equal(name.endsWith(".exe"), os === "windows");
  }
});

for (
  const name of [
    "",
    ".app.new-",
    ".app.new-0123456789ABCDEF",
    ".app.new-0123456789abcdef/x",
    "x.app.new-0123456789abcdef",
  ]
) {
  test(`isBesideName() does not know ${JSON.stringify(name)}`, () => {
    assert.equal(isBesideName(INSTALLATION, "new", name), false);
  });
}

function start(): MemoryRuntime {
  const runtime = memoryRuntime();
  runtime.machine.putFolder("/opt/app");
  return runtime;
}

const STARTS: readonly [now: string | undefined, recorded: string, isSame: boolean][] = [
  ["1", "1", true],
  ["2", "1", false],
  ["running", "1", true],
  ["1", "running", true],
  ["running", "running", true],
  [undefined, "1", false],
  [undefined, "running", false],
];

for (const [now, recorded, isSame] of STARTS) {
  const is = isSame ? "the" : "not the";
  test(`isSameStart() takes a process that started at ${now} for ${is} one that started at ${recorded} (T34)`, () => {
    assert.equal(isSameStart(now, recorded), isSame);
  });
}
