import assert from "node:assert/strict";
import { test } from "node:test";
import { downloadVerified } from "../../src/download_verified.ts";
import { recover } from "../../src/recover.ts";
import { crashed, UNSWAPPED } from "../support/crashed_place.ts";
import { failsWith } from "../support/fails_with.ts";
import { type MemoryPlace, memoryPlace, NEW } from "../support/memory_place.ts";

const plants: [name: string, changes: Record<string, unknown>][] = [
  ["names a staged file of another program", { staged: "../../bin/sh" }],
  ["names a staged file that is no temporary one", { staged: "app.conf" }],
  ["names a backup that is none", { displaced: "app.backup.older-01" }],
  ["names a backup of another program", { displaced: "../app2.backup.older-0001" }],
  ["has a claim that is a path", { claim: "../../etc/cron.d/x" }],
  ["keeps no backup", { keep: 0 }],
  ["names a displaced file of another program", { displaced: "../../bin/sh" }],
  ["names a displaced file that is no temporary one", { displaced: "app.conf" }],
  ["is of a newer schema", { schema: 2 }],
  ["has a digest that is none", { to: { version: NEW, sha256: "x" } }],
  ["has no versions", { from: null }],
  ["has a text as process", { pid: "1" }],
];

for (const [name, changes] of plants) {
  test(`recover() takes a record that ${name} for a damaged one and touches nothing that it names`, async () => {
    const { place, runtime } = await crashed("linux", UNSWAPPED);
    place.machine.put("/opt/app/app.conf", "precious");
    place.machine.put("/bin/sh", "precious");
    const record = JSON.parse(place.machine.read("/opt/app/.app.update.json")!);
    place.machine.put("/opt/app/.app.update.json", JSON.stringify({ ...record, ...changes }));
    assert.equal(
      (await recover({ ...place.options, executable: place.executable, runtime })).outcome,
      "kept",
    );
    assert.equal(place.machine.read("/opt/app/app.conf"), "precious");
    assert.equal(place.machine.read("/bin/sh"), "precious");
    assert.deepEqual(Object.keys(place.folder()), ["app", "app.conf"]);
  });
}

const strangers: [name: string, plant: (place: MemoryPlace, record: string) => void, kind: RegExp][] = [
  ["a folder", ({ machine }, record) => machine.putFolder(record), /is a folder/],
  ["a link to nothing", ({ machine }, record) => machine.putLink("/nowhere", record), /is a symbolic link/],
  ["a link to a file", ({ machine }, record) => machine.putLink("/etc/x", record), /is a symbolic link/],
];

for (const [name, plant, kind] of strangers) {
  test(`${name} at the place of the record is called what it is, and not waited for`, async () => {
    const place = memoryPlace();
    place.machine.put("/etc/x", "{}");
    plant(place, place.beside(".app.update.json"));
    place.publish();
    const before = place.folder();
    const error = await failsWith(downloadVerified(await place.check(), place.options), "REPLACE_FAILED");
    assert.match(error.message, kind);
    assert.match(error.message, /which this program has not made; remove it by hand$/);
    assert.deepEqual(place.folder(), before);
  });
}

test("recover() takes a record that is too large for a damaged one", async () => {
  const { place, runtime } = await crashed("linux", UNSWAPPED);
  place.machine.put(
    "/opt/app/.app.update.json",
    place.machine.read("/opt/app/.app.update.json")! + " ".repeat(20_000),
  );
  assert.equal(
    (await recover({ ...place.options, executable: place.executable, runtime })).outcome,
    "kept",
  );
});
