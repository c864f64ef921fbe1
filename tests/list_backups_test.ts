import assert from "node:assert/strict";
import { test } from "node:test";
import { listBackups } from "../src/list_backups.ts";
import type { MemoryBehaviour } from "../src/runtime/memory.ts";
import { appProgram, memoryPlace } from "./support/memory_place.ts";

test("listBackups() finds the backup with its version, size and time", async () => {
  const now = Date.UTC(2026, 0, 10);
  const place = memoryPlace({ now });
  const backup = appProgram("0.9.0");
  place.machine.put(place.beside("app.backup"), backup);
  assert.deepEqual(await listBackups(place.options), [
    { path: place.beside("app.backup"), version: "0.9.0", size: backup.length, modifiedAt: now },
  ]);
});

test("listBackups() finds nothing where there is none", async () => {
  assert.deepEqual(await listBackups(memoryPlace().options), []);
});

const lines: [name: string, behaviour: MemoryBehaviour, version: string | undefined][] = [
  ["a tag", { stdout: "v0.9.0\n" }, "0.9.0"],
  ["a version among words", { stdout: "the app 0.9.0-beta.1 (2025)\nand more\n" }, "0.9.0-beta.1"],
  ["no version", { stdout: "hello\n" }, undefined],
  ["nothing", { stdout: "" }, undefined],
  ["a version, but it crashes", { stdout: "app 0.9.0\n", exitCode: 1 }, undefined],
];

for (const [name, behaviour, version] of lines) {
  test(`listBackups() says that the version is ${version} where the backup prints ${name}`, async () => {
    const place = memoryPlace();
    place.machine.put(place.beside("app.backup"), appProgram("", behaviour));
    assert.equal((await listBackups(place.options))[0]?.version, version);
  });
}

for (const kind of ["folder", "link"] as const) {
  test(`listBackups() does not take a ${kind} for a backup`, async () => {
    const place = memoryPlace();
    if (kind === "folder") place.machine.putFolder(place.beside("app.backup"));
    else place.machine.putLink("/bin/sh", place.beside("app.backup"));
    assert.deepEqual(await listBackups(place.options), []);
  });
}

test("listBackups() takes no right to write in the folder, and leaves nothing there", async () => {
  const place = memoryPlace();
  place.machine.put(place.beside("app.backup"), appProgram("0.9.0"));
  const before = place.folder();
  assert.equal((await listBackups(place.options))[0]?.version, "0.9.0");
  assert.deepEqual(place.folder(), before);
  place.machine.putFolder("/opt/app", { mode: 0o555 });
  assert.equal((await listBackups(place.options))[0]?.version, "0.9.0");
});
