/**
 * The lock under which a dead process's update is ended.
 *
 * A lock belongs to one record, by the record's claim, and has a number: `.app.update.takeover.<claim>.0`. Whoever finds
 * that its holder has died makes the next number; the dead one's lock stays until the record is gone. A lock of another
 * process is never removed while there is a record: between looking at it and removing it a third process could have
 * taken its place, and two would end the same update.
 *
 * @module
 */

import { createDurably, readFile, temporaryWriter } from "./durable.ts";
import { isFileError } from "./errors.ts";
import type { Installation } from "./installation.ts";
import { isMarkAlive, processMark } from "./journal_process.ts";
import { type JournalRuntime, readRecord, type RecordState } from "./journal.ts";
import { RECORD_BYTES } from "./limits.ts";
import { inFolder, nameOf } from "./path.ts";
import { removeIfThere } from "./remove.ts";
import type { Runtime } from "./runtime/types.ts";

/** Stands for the claim of a record that cannot be read. */
const TORN = "torn";

/**
 * Takes the place of a dead writer: of all processes that find its record, one at a time gets to end its update.
 *
 * @param runtime File system and processes.
 * @param installation What the dead writer was updating.
 * @param found The state of the record as it was found.
 * @param end Ends the update.
 * @returns What `end` returns, or `undefined` when another process was faster.
 */
export async function takeOver<T>(
  runtime: JournalRuntime,
  installation: Installation,
  found: RecordState,
  end: () => Promise<T>,
): Promise<T | undefined> {
  const lock = await lockFor(runtime, installation, found);
  if (lock === undefined) return undefined;
  try {
    const now = await readRecord(runtime, installation);
    return claimIn(now) === claimIn(found) && now.kind === found.kind ? await end() : undefined;
  } finally {
    await removeIfThere(runtime.fs, lock);
  }
}

/**
 * Tells whether a name is that of a lock, or of one being made, whose process has ended. Without a record it is of no
 * use to anybody.
 *
 * @param runtime File system and processes.
 * @param installation Whose folder the name is in.
 * @param name The name.
 * @returns Whether it can be removed, as long as there is no record.
 */
export async function isStaleTakeover(
  runtime: Pick<Runtime, "fs" | "processStart" | "pid">,
  installation: Installation,
  name: string,
): Promise<boolean> {
  const prefix = `${nameOf(installation.takeover)}.`;
  const lock = name.startsWith(prefix) ? /^(?:[0-9a-f]{16}|torn)\.\d+/.exec(name.slice(prefix.length)) : null;
  if (lock === null) return false;
  const path = inFolder(installation.folder, prefix + lock[0]);
  if (name === prefix + lock[0]) {
    return !await isMarkAlive(runtime, await readFile(runtime.fs, path, RECORD_BYTES));
  }
  const writer = temporaryWriter(path, name);
  return writer !== undefined && writer !== runtime.pid && await runtime.processStart(writer) === undefined;
}

/** The path of the lock that this process has got. */
async function lockFor(
  runtime: JournalRuntime,
  installation: Installation,
  found: RecordState,
): Promise<string | undefined> {
  const content = await processMark(runtime);
  for (let number = 0;; number++) {
    const path = `${installation.takeover}.${claimIn(found) ?? TORN}.${number}`;
    try {
      await createDurably(runtime, path, content, { mode: 0o644 });
      return path;
    } catch (error) {
      if (!isFileError(error, "exists")) throw error;
    }
    if (!await isLeftByDead(runtime, path)) return undefined;
  }
}

/** A process may have removed its lock and ended since it was read: what is still there afterwards is there for good. */
async function isLeftByDead(runtime: JournalRuntime, path: string): Promise<boolean> {
  const mark = await readFile(runtime.fs, path, RECORD_BYTES);
  if (mark === undefined || await isMarkAlive(runtime, mark)) return false;
  const later = await readFile(runtime.fs, path, RECORD_BYTES);
  return later !== undefined && textOf(later) === textOf(mark);
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function claimIn(state: RecordState): string | undefined {
  return state.kind === "valid" ? state.record.claim : undefined;
}
