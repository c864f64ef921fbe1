import assert from "node:assert/strict";
import { test } from "node:test";
import { recover } from "../../src/recover.ts";
import {
  crashed,
  expectedFolder,
  FILES,
  readFolder,
  type Row,
  SWAPPED,
  UNSWAPPED,
} from "../support/crashed_place.ts";
import { failsWith } from "../support/fails_with.ts";
import { killedBefore } from "../support/killed_before.ts";
import { memoryPlace, NEW, OLD } from "../support/memory_place.ts";

const rows: readonly Row[] = [
  // Nothing was swapped yet.
  { record: "claimed", live: "old", outcome: "dropped", after: { live: "old" } },
  {
    record: "claimed",
    live: "old",
    backup: "older",
    outcome: "dropped",
    after: { live: "old", backup: "older" },
  },
  { record: "claimed", live: "another version", outcome: "dropped", after: { live: "another version" } },
  {
    record: "claimed",
    live: "damaged",
    backup: "older",
    outcome: "dropped",
    after: { live: "damaged", backup: "older" },
  },
  { record: "claimed", backup: "older", outcome: "restored", after: { live: "older" } },
  { record: "claimed", outcome: "ROLLBACK_FAILED", after: {} },

  // The new file never took its place.
  { record: "valid", live: "old", outcome: "dropped", after: { live: "old" } },
  { record: "valid", live: "old", backup: "old", outcome: "dropped", after: { live: "old" } },
  {
    record: "valid",
    live: "old",
    displaced: "older",
    outcome: "dropped",
    after: { live: "old", backup: "older" },
  },
  {
    record: "valid",
    live: "old",
    backup: "old",
    displaced: "older",
    outcome: "dropped",
    after: { live: "old", backup: "older" },
  },

  // Swapped, not committed.
  {
    record: "valid",
    live: "new",
    backup: "old",
    outcome: "committed",
    after: { live: "new", backup: "old" },
  },
  {
    record: "valid",
    live: "new",
    backup: "old",
    displaced: "older",
    outcome: "committed",
    after: { live: "new", backup: "old" },
  },
  { record: "valid", live: "new", outcome: "committed", after: { live: "new" } },
  { record: "valid", live: "new but broken", backup: "old", outcome: "rolled-back", after: { live: "old" } },
  {
    record: "valid",
    live: "new but broken",
    backup: "old",
    displaced: "older",
    outcome: "rolled-back",
    after: { live: "old", backup: "older" },
  },
  { record: "valid", live: "new but broken", outcome: "ROLLBACK_FAILED", after: { live: "new but broken" } },

  // The live file is damaged.
  { record: "valid", live: "damaged", backup: "old", outcome: "restored", after: { live: "old" } },
  {
    record: "valid",
    live: "damaged",
    backup: "old",
    displaced: "older",
    outcome: "restored",
    after: { live: "old", backup: "older" },
  },

  // Somebody else replaced the executable.
  { record: "valid", live: "another version", outcome: "kept", after: { live: "another version" } },
  {
    record: "valid",
    live: "another version",
    backup: "older",
    outcome: "kept",
    after: { live: "another version", backup: "older" },
  },
  { record: "valid", live: "damaged", backup: "older", outcome: "rolled-back", after: { live: "older" } },
  { record: "valid", live: "damaged", outcome: "ROLLBACK_FAILED", after: { live: "damaged" } },

  // Windows, between the two renames.
  { record: "valid", backup: "old", outcome: "restored", after: { live: "old" } },
  {
    record: "valid",
    backup: "old",
    displaced: "older",
    outcome: "restored",
    after: { live: "old", backup: "older" },
  },
  { record: "valid", outcome: "ROLLBACK_FAILED", after: {} },

  // The record is torn.
  { record: "torn", live: "old", outcome: "kept", after: { live: "old" } },
  { record: "torn", live: "new", backup: "old", outcome: "kept", after: { live: "new", backup: "old" } },
  { record: "torn", live: "damaged", backup: "old", outcome: "rolled-back", after: { live: "old" } },
  { record: "torn", backup: "old", outcome: "restored", after: { live: "old" } },
  { record: "torn", live: "damaged", outcome: "ROLLBACK_FAILED", after: { live: "damaged" } },
  { record: "torn", outcome: "ROLLBACK_FAILED", after: {} },
];

for (const os of ["linux", "windows"] as const) {
  for (const row of rows) {
    test(`recover() on ${os} of ${describe(row)}: ${row.outcome}`, async () => {
      const { place, runtime } = await crashed(os, row);
      const before = place.folder();
      const recovering = recover({ ...place.options, executable: place.executable, runtime });
      if (row.outcome === "ROLLBACK_FAILED") {
        const error = await failsWith(recovering, "ROLLBACK_FAILED", { executable: place.executable });
        assert(error.message.includes(place.executable));
        // A human needs everything that is left.
        assert.deepEqual(place.folder(), before);
        return;
      }
      assert.equal((await recovering).outcome, row.outcome);
      assert.deepEqual(readFolder(place), expectedFolder(os, row.after));
      assert.equal(
        (await recover({ ...place.options, executable: place.executable, runtime })).outcome,
        "none",
      );
    });
  }

  test(`recover() on ${os} can itself be killed before any of its operations`, async () => {
    for (const row of rows.filter(({ outcome }) => outcome !== "ROLLBACK_FAILED")) {
      for (let index = 0;; index++) {
        const { place, runtime } = await crashed(os, row);
        const options = { ...place.options, executable: place.executable };
        const operation = await killedBefore(index, runtime, () => recover({ ...options, runtime }));
        if (operation === undefined) break;
        const next = place.machine.start({ pid: 300 });
        await recover({ ...options, runtime: next });
        const where = `${describe(row)}, killed before ${operation.name} ${operation.path}`;
        assert.deepEqual(readFolder(place), expectedFolder(os, row.after), where);
      }
    }
  });
}

test("recover() on windows moves a running bad version aside, and a later start removes it", async () => {
  const { place } = await crashed("windows", {
    record: "valid",
    live: "new but broken",
    backup: "old",
    outcome: "rolled-back",
    after: { live: "old" },
  });
  const runtime = place.machine.start({ execPath: place.executable });
  assert.equal((await recover({ ...place.options, runtime })).outcome, "rolled-back");
  const { "app.exe": live, ...aside } = readFolder(place);
  assert.equal(live, new TextDecoder().decode(FILES.old));
  assert.match(Object.keys(aside).join(), /^\.app\.exe\.old-[0-9a-f]{16}\.exe$/);
  runtime.kill();
  const later = place.machine.start({ execPath: place.executable });
  assert.equal((await recover({ ...place.options, runtime: later })).outcome, "none");
  assert.deepEqual(readFolder(place), expectedFolder("windows", { live: "old" }));
});

test("recover() leaves a new file that an orphaned probe runs to a later sweep", async () => {
  const { place, runtime } = await crashed("windows", UNSWAPPED);
  const end = runtime.machine.operations.fail(
    "denied",
    ({ name, path }) => name === "remove" && path.includes(".new-"),
  );
  const options = { ...place.options, executable: place.executable, runtime };
  assert.equal((await recover(options)).outcome, "dropped");
  assert(Object.keys(readFolder(place)).some((name) => name.includes(".new-")));
  end();
  assert.equal((await recover(options)).outcome, "none");
  assert.deepEqual(readFolder(place), expectedFolder("windows", { live: "old" }));
});

test("recover() tells what was found, and the versions", async () => {
  const { place, runtime } = await crashed("linux", SWAPPED);
  assert.deepEqual(await recover({ ...place.options, executable: place.executable, runtime }), {
    outcome: "committed",
    meaning: "swapped, not committed",
    from: OLD,
    to: NEW,
  });
});

test("recover() finds nothing where nothing is in progress, and looks at the folder only", async () => {
  const place = memoryPlace();
  const first = place.machine.operations.log.length;
  const result = await recover(place.options);
  assert.deepEqual(result, {
    outcome: "none",
    meaning: "nothing is in progress",
    from: undefined,
    to: undefined,
  });
  assert(place.machine.operations.log.length - first <= 4);
});

function describe({ record, live, backup, displaced }: Row): string {
  const aside = displaced === undefined ? "" : `, ${displaced} backup aside`;
  return `a ${record} record, live file ${live ?? "absent"}, backup ${backup ?? "absent"}${aside}`;
}
