/**
 * The recovery table: from what a crash left on disk to what is done about it, as data. Two cases come before it:
 * without a record nothing is in progress, and a record whose writer lives is left alone.
 *
 * @module
 */

/** What the record says: `claimed` is a valid record of an update that had nothing to swap yet. */
export type RecordFact = "claimed" | "valid" | "damaged";
/** What the live file is, by the digests of the record. */
export type LiveFact = "old" | "new" | "neither" | "absent";
/** What the backup is: the executable that the record calls old, another file, or not there. */
export type BackupFact = "old" | "other" | "absent";

/** What recovery does. */
export type RecoveryAction =
  /** Drop the new file and the record. */
  | "drop"
  /** Probe the live file: commit when it works, put the backup back when it does not. */
  | "verify"
  /** Put the backup back. */
  | "restore"
  /** Tell a human. */
  | "give-up";

/** What is on disk. */
export interface RecoverySituation {
  readonly record: RecordFact;
  readonly live: LiveFact;
  readonly backup: BackupFact;
}

/** One row of the table. */
export interface RecoveryRow {
  readonly record: RecordFact;
  readonly live: LiveFact | "present" | "any";
  readonly backup: BackupFact | "present" | "any";
  readonly meaning: string;
  readonly action: RecoveryAction;
}

/** The table; the first row that fits counts. */
export const RECOVERY_TABLE: readonly RecoveryRow[] = [
  row("claimed", "present", "any", "nothing was swapped yet", "drop"),
  row("claimed", "absent", "present", "somebody removed the executable", "restore"),
  row("valid", "old", "any", "the new file never took its place", "drop"),
  row("valid", "new", "any", "swapped, not committed", "verify"),
  row("valid", "neither", "old", "the live file is damaged", "restore"),
  row("valid", "neither", "any", "somebody else replaced the executable", "verify"),
  row("valid", "absent", "present", "between the two renames", "restore"),
  row("damaged", "present", "any", "the record is torn", "verify"),
  row("damaged", "absent", "present", "the record is torn", "restore"),
];

/**
 * The row for a situation; one that is in no row is for a human.
 *
 * @param situation What is on disk.
 * @returns What it means and what is done.
 */
export function recoveryFor(situation: RecoverySituation): Pick<RecoveryRow, "meaning" | "action"> {
  const found = RECOVERY_TABLE.find((row) =>
    row.record === situation.record && fits(row.live, situation.live) && fits(row.backup, situation.backup)
  );
  return found ?? { meaning: "there is nothing to restore", action: "give-up" };
}

function fits(wanted: string, actual: string): boolean {
  return wanted === "any" || wanted === actual || wanted === "present" && actual !== "absent";
}

function row(
  record: RecordFact,
  live: RecoveryRow["live"],
  backup: RecoveryRow["backup"],
  meaning: string,
  action: RecoveryAction,
): RecoveryRow {
  return { record, live, backup, meaning, action };
}
