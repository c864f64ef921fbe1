import assert from "node:assert/strict";
import { test } from "node:test";
import { createDurably, readFile, removeTemporaries, temporaryWriter, writeDurably } from "../src/durable.ts";
import type { FileErrorKind } from "../src/errors.ts";
import { memoryRuntime } from "../src/runtime/memory.ts";

const PATH = "/data/file";
const encode = (text: string) => new TextEncoder().encode(text);

test("readFile() reads a file whole", async () => {
  const { fs, machine } = memoryRuntime();
  machine.put(PATH, "content");
  assert.deepEqual(await readFile(fs, PATH, 100), encode("content"));
});

test("readFile() finds nothing where nothing is", async () => {
  assert.equal(await readFile(memoryRuntime().fs, "/nowhere/file", 100), undefined);
});

test("readFile() reads one byte too many of a file that is too large, so that it shows", async () => {
  const { fs, machine } = memoryRuntime();
  machine.put(PATH, "0123456789");
  assert.deepEqual(await readFile(fs, PATH, 10), encode("0123456789"));
  assert.deepEqual(await readFile(fs, PATH, 4), encode("01234"));
});

test("readFile() fails where a folder is", async () => {
  const { fs, machine } = memoryRuntime();
  machine.putFolder(PATH);
  await assert.rejects(readFile(fs, PATH, 10), { name: "FileError" });
});

test("writeDurably() replaces the content and leaves nothing beside it", async () => {
  const runtime = memoryRuntime();
  runtime.machine.put(PATH, "old");
  await writeDurably(runtime, PATH, encode("new"), { mode: 0o600 });
  assert.equal(runtime.machine.read(PATH), "new");
  assert.equal((await runtime.fs.stat(PATH))?.mode, 0o600);
  assert.deepEqual(runtime.machine.names("/data"), ["file"]);
});

test("writeDurably() with mayRevert leaves the old content or the new one after a power cut, and never half", async () => {
  const runtime = memoryRuntime();
  runtime.machine.putFolder("/data");
  await writeDurably(runtime, PATH, encode("old"), { mode: 0o600 });
  await writeDurably(runtime, PATH, encode("new"), { mode: 0o600, mayRevert: true });
  const left = [...runtime.machine.disk.powerCuts()].map(({ disk }) =>
    memoryRuntime({ disk }).machine.read(PATH)
  );
  assert.deepEqual(new Set(left), new Set(["old", "new"]));
});

test("removeTemporaries() removes what dead processes were writing, and nothing else", async () => {
  const runtime = memoryRuntime();
  const { machine, pid } = runtime;
  const dead = ".state.json.99999-0123456789abcdef.tmp";
  const kept = [`.state.json.${pid}-0123456789abcdef.tmp`, ".state.json.99999-01.tmp", "state.json", "x.tmp"];
  for (const name of [dead, ...kept]) machine.put(`/data/${name}`, "content");
  await removeTemporaries(runtime, "/data");
  assert.deepEqual(machine.names("/data"), [...kept].sort());
});

for (const write of [writeDurably, createDurably]) {
  test(`after a power cut at any moment of ${write.name}() there is the old content or the new one`, async () => {
    const old = write === writeDurably ? "old" : undefined;
    const count = await operationsOf(write, old);
    for (let index = 0; index <= count; index++) {
      const runtime = memoryRuntime();
      const { machine } = runtime;
      machine.putFolder("/data");
      if (old !== undefined) machine.put(PATH, old);
      const first = machine.operations.log.length;
      const cut = new Promise<void>((resolve) => {
        machine.operations.before((operation) => {
          if (operation.index !== first + index) return;
          runtime.kill();
          resolve();
        });
      });
      const done = write(runtime, PATH, encode("new"), { mode: 0o600 }).then(() => true, () => false);
      const isDone = await Promise.race([done, cut.then(() => false)]);
      for (const { disk, lost } of machine.disk.powerCuts()) {
        const content = memoryRuntime({ disk }).machine.read(PATH);
        const where = `cut at ${index} of ${count}, lost ${lost.join()}`;
        if (isDone) assert.equal(content, "new", where);
        else assert(content === old || content === "new", `${where}: ${content}`);
      }
    }
  });

  for (const kind of ["full", "denied", "other"] as const) {
    test(`${write.name}() leaves the old content and nothing else when it fails with "${kind}"`, async () => {
      const old = write === writeDurably ? "old" : undefined;
      for (const name of ["open", "append", "sync", "rename", "link"]) {
        const { machine, ...runtime } = memoryRuntime();
        machine.putFolder("/data");
        if (old !== undefined) machine.put(PATH, old);
        let failed = false;
        machine.operations.fail(kind, (operation) => operation.name === name && (failed = true));
        const ended = await write(runtime, PATH, encode("new"), { mode: 0o600 }).then(
          () => "ok",
          (e) => e.kind,
        );
        if (!failed || ended === "ok") continue;
        assert.equal(machine.read(PATH), old, `${name} failed`);
        assert.deepEqual(machine.names("/data"), old === undefined ? [] : ["file"], `${name} failed`);
      }
    });
  }
}

test("createDurably() leaves what is there alone", async () => {
  const runtime = memoryRuntime();
  runtime.machine.put(PATH, "old");
  await assert.rejects(createDurably(runtime, PATH, encode("new"), { mode: 0o600 }), { kind: "exists" });
  assert.equal(runtime.machine.read(PATH), "old");
  assert.deepEqual(runtime.machine.names("/data"), ["file"]);
});

test("createDurably() lets one of many succeed", async () => {
  const runtime = memoryRuntime();
  runtime.machine.putFolder("/data");
  const tries = Array.from(
    { length: 8 },
    (_, i) => createDurably(runtime, PATH, encode(`${i}`), { mode: 0o600 }),
  );
  const results = await Promise.allSettled(tries);
  assert.equal(results.filter(({ status }) => status === "fulfilled").length, 1);
  assert.deepEqual(runtime.machine.names("/data"), ["file"]);
});

for (const kind of ["unsupported", "denied", "other"] satisfies FileErrorKind[]) {
  test(`createDurably() does without second names where they fail with "${kind}"`, async () => {
    const runtime = memoryRuntime();
    runtime.machine.putFolder("/data");
    runtime.machine.operations.fail(kind, ({ name }) => name === "link");
    await createDurably(runtime, PATH, encode("new"), { mode: 0o600 });
    assert.equal(runtime.machine.read(PATH), "new");
    await assert.rejects(createDurably(runtime, PATH, encode("newer"), { mode: 0o600 }), { kind: "exists" });
    assert.deepEqual(runtime.machine.names("/data"), ["file"]);
  });
}

test("createDurably() leaves no half of a file where there are no second names and the disk is full", async () => {
  const runtime = memoryRuntime();
  runtime.machine.putFolder("/data");
  runtime.machine.operations.fail("unsupported", ({ name }) => name === "link");
  runtime.machine.operations.fail("full", ({ name, path }) => name === "append" && path === PATH);
  await assert.rejects(createDurably(runtime, PATH, encode("new"), { mode: 0o600 }), { kind: "full" });
  assert.deepEqual(runtime.machine.names("/data"), []);
});

test("temporaryWriter() knows the temporary files that are made, and by whom", async () => {
  for (const path of ["/data/file", "/data/.file"]) {
    const runtime = memoryRuntime({ pid: 4711 });
    runtime.machine.putFolder("/data");
    runtime.machine.operations.fail("other", ({ name }) => name === "rename" || name === "remove");
    await assert.rejects(writeDurably(runtime, path, encode("new"), { mode: 0o600 }));
    const [name] = runtime.machine.names("/data");
    assert.equal(temporaryWriter(path, name!), 4711, name);
    assert.equal(temporaryWriter("/data/other", name!), undefined);
  }
});

for (
  const name of [
    ".file.1-0123456789abcde.tmp",
    ".file.-0123456789abcdef.tmp",
    "file",
    ".file.1-0123456789abcdef.tmp.tmp",
  ]
) {
  test(`temporaryWriter() does not take ${name} for a temporary file`, () => {
    assert.equal(temporaryWriter("/data/file", name), undefined);
  });
}

async function operationsOf(write: typeof writeDurably, old: string | undefined): Promise<number> {
  const runtime = memoryRuntime();
  runtime.machine.putFolder("/data");
  if (old !== undefined) runtime.machine.put(PATH, old);
  await write(runtime, PATH, encode("new"), { mode: 0o600 });
  return runtime.machine.operations.log.length;
}
