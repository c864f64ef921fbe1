import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type BackupFact,
  type LiveFact,
  type RecordFact,
  RECOVERY_TABLE,
  type RecoveryAction,
  recoveryFor,
} from "../../src/replace/recovery_table.ts";

/** What is done in each of the 36 situations: by record, then live file; backup old, other, absent. */
const expected: [record: RecordFact, live: LiveFact, ...actions: RecoveryAction[]][] = [
  ["claimed", "old", "drop", "drop", "drop"],
  ["claimed", "new", "drop", "drop", "drop"],
  ["claimed", "neither", "drop", "drop", "drop"],
  ["claimed", "absent", "restore", "restore", "give-up"],
  ["valid", "old", "drop", "drop", "drop"],
  ["valid", "new", "verify", "verify", "verify"],
  ["valid", "neither", "restore", "verify", "verify"],
  ["valid", "absent", "restore", "restore", "give-up"],
  ["damaged", "old", "verify", "verify", "verify"],
  ["damaged", "new", "verify", "verify", "verify"],
  ["damaged", "neither", "verify", "verify", "verify"],
  ["damaged", "absent", "restore", "restore", "give-up"],
];
const BACKUPS: BackupFact[] = ["old", "other", "absent"];

for (const [record, live, ...actions] of expected) {
  for (const [i, backup] of BACKUPS.entries()) {
    test(`recoveryFor() a ${record} record, live file ${live}, backup ${backup}: ${actions[i]}`, () => {
      const { action, meaning } = recoveryFor({ record, live, backup });
      assert.equal(action, actions[i]);
      assert.notEqual(meaning, "");
    });
  }
}

test("every row of the table decides something", () => {
  const situations = expected.flatMap(([record, live]) =>
    BACKUPS.map((backup) => ({ record, live, backup }))
  );
  const used = new Set(situations.map((situation) => recoveryFor(situation).meaning));
  for (const { meaning } of RECOVERY_TABLE) assert(used.has(meaning), meaning);
});
