import assert from "node:assert/strict";
import { test } from "node:test";
import { recover } from "../../src/recover.ts";
import { memoryPlace } from "../support/memory_place.ts";

test("recover() sweeps what dead processes left, and nothing else", async () => {
  const place = memoryPlace();
  const strays = [
    ".app.new-0123456789abcdef",
    ".app.old-0123456789abcdef",
    ".app.update.json.999-0123456789abcdef.tmp",
    ".app.update.takeover.0123456789abcdef.0.999-0123456789abcdef.tmp",
    ".app.update.takeover.0123456789abcdef.0",
    ".app.update.takeover.0123456789abcdef.12",
    ".app.update.takeover.torn.0",
  ];
  const foreign = [
    "app.backup",
    "app.conf",
    ".app.new-0123456789abcde",
    ".app.new-0123456789abcdeg",
    ".app.new-0123456789abcdef.sh",
    ".app2.new-0123456789abcdef",
    ".application.new-0123456789abcdef",
    "app.new-0123456789abcdef",
    ".app.update.json.999-0123456789abcdef.tmp2",
    ".app.update.json.x-0123456789abcdef.tmp",
    ".app.update.jsonx",
    ".app.update.takeover.0123456789abcdef",
    ".app.update.takeover.fedcba.0",
    "app.backup.1",
    "app.backup.0007",
    "app.backup.older-0007",
    `.app.update.json.${place.runtime.pid}-0123456789abcdef.tmp`,
  ];
  for (const name of [...strays, ...foreign]) place.machine.put(place.beside(name), name);
  place.machine.put(place.beside(".app.probe-0123456789abcdef/cache/entry"), "left by a probed program");
  place.machine.putLink("/opt/precious", place.beside(".app.old-fedcba9876543210"));
  place.machine.put("/opt/precious/file", "precious");
  await recover(place.options);
  assert.deepEqual(Object.keys(place.folder()).sort(), [...foreign, "app"].sort());
  assert.equal(place.machine.read("/opt/precious/file"), "precious");
});

test("recover() sweeps nothing of a process that lives", async () => {
  const place = memoryPlace();
  const other = place.machine.start();
  const name = `.app.update.json.${other.pid}-0123456789abcdef.tmp`;
  place.machine.put(place.beside(name), "being written");
  await recover(place.options);
  assert.equal(place.machine.read(place.beside(name)), "being written");
});
