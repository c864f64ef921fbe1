import assert from "node:assert/strict";
import { test } from "node:test";
import { FileError, type FileErrorKind } from "../../src/errors.ts";
import { patientFiles } from "../../src/runtime/machine/wait.ts";
import { memoryRuntime } from "../../src/runtime/memory.ts";
import type { FileSystem } from "../../src/runtime/types.ts";

type Tried = "open" | "link" | "rename" | "remove";

const calls: Record<Tried, (fs: FileSystem) => Promise<unknown>> = {
  open: (fs) => fs.open("/home/user/made", { access: "create", mode: 0o600 }),
  link: (fs) => fs.link("/home/user/there", "/home/user/linked"),
  rename: (fs) => fs.rename("/home/user/there", "/home/user/moved"),
  remove: (fs) => fs.remove("/home/user/there"),
};

const rows: [operation: Tried, kind: FileErrorKind, isTriedAgain: boolean][] = [
  ["open", "denied", true],
  ["open", "busy", true],
  ["open", "exists", false],
  ["link", "denied", true],
  ["link", "unsupported", false],
  ["rename", "denied", true],
  ["rename", "busy", true],
  ["rename", "absent", false],
  ["remove", "busy", true],
  ["remove", "denied", false],
];

for (const [operation, kind, isTriedAgain] of rows) {
  const verb = isTriedAgain ? "tries again" : "does not try again";
  test(`patientFiles() ${verb} when ${operation} fails as ${kind}`, async () => {
    const { fs, pauses } = refusing(operation, kind, 3);
    if (!isTriedAgain) {
      await assert.rejects(calls[operation](fs), { kind });
      assert.deepEqual(pauses, []);
      return;
    }
    await calls[operation](fs);
    assert.deepEqual(pauses, [10, 20, 50]);
  });
}

test("patientFiles() gives up after five seconds", async () => {
  const { fs, pauses } = refusing("rename", "denied", Infinity);
  await assert.rejects(calls.rename(fs), { kind: "denied" });
  assert.equal(pauses.reduce((sum, pause) => sum + pause, 0), 5080);
});

test("patientFiles() does not wait for what is only read", async () => {
  const { fs, pauses } = refusing("open", "denied", Infinity);
  await assert.rejects(fs.open("/home/user/there", { access: "read" }), { kind: "denied" });
  assert.deepEqual(pauses, []);
});

/** A file system of which one operation fails a number of times, made patient. */
function refusing(
  operation: Tried,
  kind: FileErrorKind,
  times: number,
): { fs: FileSystem; pauses: number[] } {
  const { fs: real, machine } = memoryRuntime();
  machine.put("/home/user/there", "there");
  let left = times;
  const refuse = (name: Tried, path: string) => {
    if (name === operation && left-- > 0) throw new FileError(kind, name, path);
  };
  const pauses: number[] = [];
  const fs: FileSystem = {
    ...real,
    open: async (path, mode) => (refuse("open", path), await real.open(path, mode)),
    link: async (existing, path) => (refuse("link", path), await real.link(existing, path)),
    rename: async (from, to) => (refuse("rename", to), await real.rename(from, to)),
    remove: async (path) => (refuse("remove", path), await real.remove(path)),
  };
  return { fs: patientFiles(fs, (pause) => Promise.resolve(void pauses.push(pause))), pauses };
}
