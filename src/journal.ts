/**
 * The record of an update in progress: a file beside the executable that is also the lock.
 *
 * It is created with its whole content or not at all, names its writer by process number and start time, and holds the
 * digests of the old and the new executable: what the live file *is* says how far the update came.
 *
 * @module
 */

import { createDurably, readFile, writeDurably } from "./durable.ts";
import { isFileError, UpdateError } from "./errors.ts";
import { type Installation, isBesideName } from "./installation.ts";
import { isSameStart } from "./journal_process.ts";
import { RECORD_BYTES } from "./limits.ts";
import { randomName } from "./path.ts";
import { isOlderName } from "./replace/backups.ts";
import type { Runtime } from "./runtime/types.ts";

/** What the journal needs of a runtime. */
export type JournalRuntime = Pick<Runtime, "fs" | "random" | "pid" | "processStart">;

/** The content of a record. */
export interface ReplaceRecord {
  /** The form of the record. */
  readonly schema: 1;
  /** Tells this claim from any other, whoever made it. */
  readonly claim: string;
  /** The process that works on the update, and when that process started. */
  readonly pid: number;
  readonly processStart: string;
  /** The installed executable before the update. */
  readonly from: { readonly version: string | null; readonly sha256: string };
  /** The new executable; its digest is known once it is staged, and only then anything is swapped. */
  readonly to: { readonly version: string; readonly sha256: string | null };
  /** The name of the staged file beside the executable. */
  readonly staged: string;
  /** The name under which an older backup waits for the outcome; `null` when there was none. */
  readonly displaced: string | null;
  /** How many previous versions stay once the update is committed; one where nothing is said. */
  readonly keep?: number;
}

/** What is at the place of the record. */
export type RecordState =
  | { readonly kind: "none" }
  | { readonly kind: "valid"; readonly record: ReplaceRecord; readonly isWriterAlive: boolean }
  | { readonly kind: "damaged" };

/** The right of this process to update an installation, until it is released. */
export interface Claim {
  /** The record as it stands on disk. */
  readonly record: ReplaceRecord;
  /** Replaces the record, durably. Fails with `UPDATE_IN_PROGRESS` when another process has taken over. */
  amend(changes: Partial<Pick<ReplaceRecord, "to" | "displaced" | "keep">>): Promise<void>;
  /** Removes the record, durably. Does nothing when it is not this claim's any more. */
  release(): Promise<void>;
}

/**
 * Claims an installation for an update by this process.
 *
 * @param runtime File system and identity of this process.
 * @param installation What is to be updated.
 * @param facts What is known at the start.
 * @returns The claim.
 * @throws {UpdateError} `UPDATE_IN_PROGRESS` when a record is there, whoever wrote it: recovery comes first.
 * @throws {FileError} When the record cannot be written.
 */
export async function claimInstallation(
  runtime: JournalRuntime,
  installation: Installation,
  facts: Pick<ReplaceRecord, "from" | "to" | "staged">,
): Promise<Claim> {
  const record: ReplaceRecord = {
    schema: 1,
    claim: randomName(runtime),
    pid: runtime.pid,
    processStart: await runtime.processStart(runtime.pid) ?? "",
    displaced: null,
    ...facts,
  };
  try {
    await createDurably(runtime, installation.record, encode(record), { mode: 0o644 });
  } catch (error) {
    if (!isFileError(error, "exists")) throw error;
    throw await inProgress(runtime, installation, error);
  }
  return claimOf(runtime, installation, record);
}

/**
 * Reads the record of an installation.
 *
 * @param runtime File system and processes.
 * @param installation What may be in the middle of an update.
 * @returns What is at the place of the record; `damaged` when it cannot be read as one.
 */
export async function readRecord(
  runtime: Pick<Runtime, "fs" | "processStart">,
  installation: Installation,
): Promise<RecordState> {
  const bytes = await readFile(runtime.fs, installation.record, RECORD_BYTES);
  if (bytes === undefined) return { kind: "none" };
  const record = bytes.length > RECORD_BYTES ? undefined : decode(bytes, installation);
  if (record === undefined) return { kind: "damaged" };
  // A process number alone proves nothing: it may have been given to another process since (T34).
  const isWriterAlive = isSameStart(await runtime.processStart(record.pid), record.processStart);
  return { kind: "valid", record, isWriterAlive };
}

/**
 * Refuses what is at the place of the record and cannot be one: a link, a pipe, a folder. It may lead anywhere (T24), no
 * process will ever end it, and removing it is for who put it there.
 *
 * @param runtime File system.
 * @param installation Whose record.
 * @throws {UpdateError} `REPLACE_FAILED`.
 */
export async function refuseForeignRecord(
  { fs }: Pick<Runtime, "fs">,
  { record }: Installation,
): Promise<void> {
  const kind = (await fs.stat(record))?.kind;
  if (kind === undefined || kind === "file") return;
  const what = { directory: "a folder", symlink: "a symbolic link", other: "no regular file" }[kind];
  throw new UpdateError(
    "REPLACE_FAILED",
    `Failed to install new binary: ${record} is ${what}, which this program has not made; remove it by hand`,
    { path: record, operation: "open" },
  );
}

function claimOf(runtime: JournalRuntime, installation: Installation, first: ReplaceRecord): Claim {
  let record = first;
  const isOurs = async (): Promise<boolean> => {
    const state = await readRecord(runtime, installation);
    return state.kind === "valid" && state.record.claim === first.claim;
  };
  return {
    get record() {
      return record;
    },
    async amend(changes) {
      if (!await isOurs()) throw await inProgress(runtime, installation);
      const amended = { ...record, ...changes };
      await writeDurably(runtime, installation.record, encode(amended), { mode: 0o644 });
      record = amended;
    },
    async release() {
      if (!await isOurs()) return;
      await runtime.fs.remove(installation.record);
      await runtime.fs.syncDirectory(installation.folder);
    },
  };
}

async function inProgress(
  runtime: JournalRuntime,
  installation: Installation,
  cause?: unknown,
): Promise<UpdateError<"UPDATE_IN_PROGRESS">> {
  await refuseForeignRecord(runtime, installation);
  const state = await readRecord(runtime, installation);
  const pid = state.kind === "valid" ? state.record.pid : 0;
  const who = pid === 0 ? "another process" : `process ${pid}`;
  return new UpdateError(
    "UPDATE_IN_PROGRESS",
    `Update already in progress: ${who} is updating ${installation.executable}; wait until it has finished`,
    { pid, record: installation.record },
    { cause },
  );
}

function encode(record: ReplaceRecord): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(record) + "\n");
}

function decode(bytes: Uint8Array, installation: Installation): ReplaceRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
  return isRecord(value, installation) ? value : undefined;
}

function isRecord(value: unknown, installation: Installation): value is ReplaceRecord {
  if (typeof value !== "object" || value === null) return false;
  const record = value as Partial<Record<keyof ReplaceRecord, unknown>>;
  return record.schema === 1 &&
    typeof record.claim === "string" && /^[0-9a-f]{16}$/.test(record.claim) &&
    Number.isSafeInteger(record.pid) &&
    typeof record.processStart === "string" &&
    isFile(record.from, { version: true, sha256: false }) &&
    isFile(record.to, { version: false, sha256: true }) &&
    typeof record.staged === "string" && isBesideName(installation, "new", record.staged) &&
    (record.displaced === null ||
      typeof record.displaced === "string" && isDisplacedName(installation, record.displaced)) &&
    (record.keep === undefined || Number.isSafeInteger(record.keep) && (record.keep as number) >= 1);
}

function isDisplacedName(installation: Installation, name: string): boolean {
  return isBesideName(installation, "old", name) || isOlderName(installation, name);
}

/** `nullable` names which of the two may be `null`. */
function isFile(value: unknown, nullable: { version: boolean; sha256: boolean }): boolean {
  if (typeof value !== "object" || value === null || !("version" in value) || !("sha256" in value)) {
    return false;
  }
  const { version, sha256 } = value;
  return (nullable.version && version === null || typeof version === "string") &&
    (nullable.sha256 && sha256 === null || typeof sha256 === "string" && /^[0-9a-f]{64}$/.test(sha256));
}
