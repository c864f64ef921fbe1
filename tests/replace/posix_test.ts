import assert from "node:assert/strict";
import { test } from "node:test";
import { pathsOf } from "../../src/installation.ts";
import { posixStrategy } from "../../src/replace/posix.ts";
import { type MemoryMachineOptions, type MemoryOperation, memoryRuntime } from "../../src/runtime/memory.ts";

const INSTALLATION = pathsOf("/opt/app/app");
const STAGED = "/opt/app/.app.new-0123456789abcdef";
const DISPLACED = "/opt/app/.app.old-0123456789abcdef";

test("posixStrategy() swaps in the order that a crash can be told apart at any point", async () => {
  const { runtime, strategy, files } = prepared({ older: true });
  const first = runtime.machine.operations.log.length;
  await strategy.backUp(files);
  await strategy.swap(files);
  assert.deepEqual(runtime.machine.operations.log.slice(first).map(describe), [
    "rename app.backup .app.old-0123456789abcdef",
    "syncDirectory app",
    "link app app.backup",
    "syncDirectory app",
    "rename .app.new-0123456789abcdef app",
    "syncDirectory app",
  ]);
});

test("posixStrategy() has an executable at every instant, swapping and restoring", async () => {
  const { runtime, strategy, files } = prepared({ older: true });
  let looks = 0;
  runtime.machine.operations.before(() => {
    looks++;
    assert.match(runtime.machine.read(INSTALLATION.executable)!, /^(old|new)$/);
  });
  await strategy.backUp(files);
  await strategy.swap(files);
  await strategy.restore(files);
  assert(looks > 6);
});

test("posixStrategy() restores backup and older backup", async () => {
  const { runtime, strategy, files } = prepared({ older: true });
  await strategy.backUp(files);
  await strategy.swap(files);
  assert.deepEqual(contents(runtime), {
    "app": "new",
    "app.backup": "old",
    ".app.old-0123456789abcdef": "older",
  });
  await strategy.restore(files);
  assert.deepEqual(contents(runtime), { "app": "old", "app.backup": "older" });
});

test("posixStrategy() restores over whatever is there, and over nothing", async () => {
  for (const live of ["broken", undefined]) {
    const { runtime, strategy, files } = prepared({ older: false });
    await strategy.backUp(files);
    await runtime.fs.remove(INSTALLATION.executable);
    if (live !== undefined) runtime.machine.put(INSTALLATION.executable, live);
    await strategy.restore(files);
    assert.equal(runtime.machine.read(INSTALLATION.executable), "old");
  }
});

test("posixStrategy() brings an older backup back that is the same file as the backup", async () => {
  const { runtime, strategy, files } = prepared({ older: false });
  await strategy.backUp(files);
  await runtime.fs.link(INSTALLATION.backup, DISPLACED);
  await strategy.restore({ ...files, displaced: DISPLACED });
  assert.deepEqual(contents(runtime), {
    "app": "old",
    "app.backup": "old",
    ".app.new-0123456789abcdef": "new",
  });
});

test("posixStrategy() copies with permissions and a flush where there are no second names", async () => {
  const { runtime, strategy, files } = prepared({ older: false, mode: 0o751 });
  runtime.machine.operations.fail("unsupported", ({ name }) => name === "link");
  await strategy.backUp(files);
  assert.equal(runtime.machine.read(INSTALLATION.backup), "old");
  assert.equal((await runtime.fs.stat(INSTALLATION.backup))?.mode, 0o751);
  const names = runtime.machine.operations.log.map(({ name }) => name);
  assert(names.lastIndexOf("sync") < names.lastIndexOf("rename"));
});

test("posixStrategy() leaves no half of a copy when the disk is full", async () => {
  const { runtime, strategy, files } = prepared({ older: false });
  runtime.machine.operations.fail("unsupported", ({ name }) => name === "link");
  runtime.machine.operations.fail("full", ({ name }) => name === "append");
  await assert.rejects(strategy.backUp(files), { kind: "full" });
  assert.deepEqual(contents(runtime), { app: "old", ".app.new-0123456789abcdef": "new" });
});

test("posixStrategy() does not put its backup over a file that appears meanwhile", async () => {
  const { runtime, strategy, files } = prepared({ older: false });
  runtime.machine.put(INSTALLATION.backup, "somebody's");
  await assert.rejects(strategy.backUp(files), { kind: "exists" });
  assert.equal(runtime.machine.read(INSTALLATION.backup), "somebody's");
});

test("posixStrategy() takes back nothing that a power cut can lose: after each step one of both versions is live", async () => {
  const { runtime, strategy, files } = prepared({ older: true });
  for (const step of [strategy.backUp, strategy.swap, strategy.restore]) {
    await step(files);
    for (const { disk, lost } of runtime.machine.disk.powerCuts()) {
      const live = memoryRuntime({ disk }).machine.read(INSTALLATION.executable);
      assert.match(live ?? "nothing", /^(old|new)$/, lost.join());
    }
  }
});

function prepared(
  { older, mode = 0o755, ...options }: MemoryMachineOptions & { older: boolean; mode?: number },
) {
  const runtime = memoryRuntime(options);
  runtime.machine.put(INSTALLATION.executable, "old", { mode });
  runtime.machine.put(STAGED, "new");
  if (older) runtime.machine.put(INSTALLATION.backup, "older");
  const files = { installation: INSTALLATION, staged: STAGED, displaced: older ? DISPLACED : undefined };
  return { runtime, strategy: posixStrategy(runtime), files };
}

function contents({ machine }: ReturnType<typeof memoryRuntime>): Record<string, string | undefined> {
  return Object.fromEntries(
    machine.names("/opt/app").map((name) => [name, machine.read(`/opt/app/${name}`)]),
  );
}

function describe({ name, path, to }: MemoryOperation): string {
  const last = (text: string) => text.split("/").at(-1)!;
  return [name, last(path), ...(to === undefined ? [] : [last(to)])].join(" ");
}
