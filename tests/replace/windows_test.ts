import assert from "node:assert/strict";
import { test } from "node:test";
import { pathsOf } from "../../src/installation.ts";
import { windowsStrategy } from "../../src/replace/windows.ts";
import { type MemoryOperation, type MemoryRuntime, memoryRuntime } from "../../src/runtime/memory.ts";

const INSTALLATION = pathsOf("C:\\app\\app.exe");
const STAGED = "C:\\app\\.app.exe.new-0123456789abcdef.exe";
const DISPLACED = "C:\\app\\.app.exe.old-0123456789abcdef.exe";

test("windowsStrategy() replaces a running executable by two renames", async () => {
  const { runtime, strategy, files } = prepared({ older: true });
  const first = runtime.machine.operations.log.length;
  await strategy.backUp(files);
  await strategy.swap(files);
  const renames = runtime.machine.operations.log.slice(first).filter(({ name }) => name === "rename");
  assert.deepEqual(renames.map(describe), [
    "app.exe.backup .app.exe.old-0123456789abcdef.exe",
    "app.exe app.exe.backup",
    ".app.exe.new-0123456789abcdef.exe app.exe",
  ]);
  assert.deepEqual(contents(runtime), {
    "app.exe": "new",
    "app.exe.backup": "old",
    ".app.exe.old-0123456789abcdef.exe": "older",
  });
});

test("windowsStrategy() restores backup and older backup", async () => {
  const { runtime, strategy, files } = prepared({ older: true });
  await strategy.backUp(files);
  await strategy.swap(files);
  await strategy.restore(files);
  assert.deepEqual(contents(runtime), { "app.exe": "old", "app.exe.backup": "older" });
});

test("windowsStrategy() restores although the bad version is running: it is moved aside", async () => {
  const { runtime, strategy, files } = prepared({ older: false });
  await strategy.backUp(files);
  await strategy.swap(files);
  runtime.machine.start({ execPath: INSTALLATION.executable });
  await strategy.restore(files);
  const { "app.exe": live, ...aside } = contents(runtime);
  assert.equal(live, "old");
  assert.deepEqual(Object.values(aside), ["new"]);
});

test("windowsStrategy() restores where nothing is in the way", async () => {
  const { runtime, strategy, files } = prepared({ older: false });
  await runtime.fs.rename(INSTALLATION.executable, INSTALLATION.backup);
  await strategy.restore(files);
  assert.equal(runtime.machine.read(INSTALLATION.executable), "old");
});

test("windowsStrategy() puts the old executable back at once when the new one cannot be moved in", async () => {
  const { runtime, strategy, files } = prepared({ older: false });
  runtime.machine.operations.fail("other", ({ name, path }) => name === "rename" && path === STAGED);
  await strategy.backUp(files);
  await assert.rejects(strategy.swap(files), { kind: "other" });
  assert.equal(runtime.machine.read(INSTALLATION.executable), "old");
});

test("windowsStrategy() puts the bad version back when the backup cannot be moved in", async () => {
  const { runtime, strategy, files } = prepared({ older: false });
  await strategy.backUp(files);
  await strategy.swap(files);
  const end = runtime.machine.operations.fail(
    "other",
    ({ name, path }) => name === "rename" && path === INSTALLATION.backup,
  );
  await assert.rejects(strategy.restore(files), { kind: "other" });
  assert.equal(runtime.machine.read(INSTALLATION.executable), "new");
  assert.equal(runtime.machine.read(INSTALLATION.backup), "old");
  end();
});

for (const kind of ["busy", "denied"] as const) {
  test(`windowsStrategy() tries again for about a second while a scanner makes renames fail with "${kind}"`, async () => {
    const { runtime, strategy, files } = prepared({ older: true });
    const refusals = new Map<string, number>();
    const end = runtime.machine.operations.fail(kind, ({ name, path, to }) => {
      if (name !== "rename") return false;
      const count = refusals.get(`${path} ${to}`) ?? 0;
      refusals.set(`${path} ${to}`, count + 1);
      return count < 5;
    });
    const began = runtime.now();
    await strategy.backUp(files);
    await strategy.swap(files);
    assert.equal(runtime.machine.read(INSTALLATION.executable), "new");
    const waited = runtime.now() - began;
    assert(waited > 500 && waited < 4000, String(waited));
    end();
  });

  test(`windowsStrategy() gives up after that, with everything in its place ("${kind}")`, async () => {
    const { runtime, strategy, files } = prepared({ older: false });
    const began = runtime.now();
    runtime.machine.operations.fail(kind, ({ name, path }) => name === "rename" && path === STAGED);
    await strategy.backUp(files);
    await assert.rejects(strategy.swap(files), { kind });
    assert.deepEqual(contents(runtime)["app.exe"], "old");
    const waited = runtime.now() - began;
    assert(waited > 900 && waited < 2000, String(waited));
  });
}

test("windowsStrategy() does not wait for what will not pass", async () => {
  const { runtime, strategy, files } = prepared({ older: false });
  const began = runtime.now();
  runtime.machine.operations.fail("full", ({ name }) => name === "rename");
  await assert.rejects(strategy.swap(files), { kind: "full" });
  assert.equal(runtime.now(), began);
});

test("windowsStrategy() has an executable at every instant but the one between the two renames", async () => {
  const { runtime, strategy, files } = prepared({ older: true });
  const missing: string[] = [];
  runtime.machine.operations.before((operation) => {
    if (runtime.machine.read(INSTALLATION.executable) === undefined) missing.push(describe(operation));
  });
  await strategy.backUp(files);
  await strategy.swap(files);
  assert.deepEqual(missing, [".app.exe.new-0123456789abcdef.exe app.exe"]);
});

function prepared({ older }: { older: boolean }) {
  const runtime = memoryRuntime({ os: "windows", execPath: "C:\\elsewhere\\other.exe" });
  const { machine } = runtime;
  machine.put(INSTALLATION.executable, "old");
  machine.put(STAGED, "new");
  if (older) machine.put(INSTALLATION.backup, "older");
  // The program that is updated is running all the time.
  machine.start({ execPath: INSTALLATION.executable });
  const files = { installation: INSTALLATION, staged: STAGED, displaced: older ? DISPLACED : undefined };
  return { runtime, strategy: windowsStrategy(runtime), files };
}

function contents({ machine }: MemoryRuntime): Record<string, string | undefined> {
  return Object.fromEntries(machine.names("C:\\app").map((name) => [name, machine.read(`C:\\app\\${name}`)]));
}

function describe({ path, to }: MemoryOperation): string {
  return [path, to].map((text) => text?.split("\\").at(-1)).join(" ");
}
