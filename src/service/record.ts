/**
 * The record of the running service: where it can be asked, and which process it is.
 *
 * @module
 */

import { createDurably, isFileError, readFile, type Runtime, writeDurably } from "../../machine.ts";

/** What is known about the running service. */
export interface ServiceRecord {
  /** The process. */
  readonly pid: number;
  /** When that process started: the number alone may belong to another one by now (T34). */
  readonly processStart: string;
  /** The version. */
  readonly version: string;
  /** The address it listens on. */
  readonly host: string;
  /** The port. */
  readonly port: number;
  /** When it started, in milliseconds since the epoch. */
  readonly startedAt: number;
  /** Which of host and port the service was told when it was started; the others are from its settings. */
  readonly flags?: readonly ("host" | "port")[] | undefined;
  /** The process that has handed over to it, and ends it should it prove bad; it may have ended since. */
  readonly predecessor?: ProcessName | undefined;
}

/** A process, told from others that are given its number (T34). */
export type ProcessName = Pick<ServiceRecord, "pid" | "processStart">;

/** What a service tells about itself. */
export type ServiceFacts = Pick<ServiceRecord, "version" | "host" | "port" | "startedAt" | "flags">;

/** What the record needs of a runtime. */
export type RecordRuntime = Pick<Runtime, "fs" | "random" | "pid" | "processStart">;

const RECORD_BYTES = 16 * 1024;

/**
 * The service that runs.
 *
 * @param runtime File system and processes.
 * @param stateDirectory Where its record lies.
 * @returns Its record, or `undefined` when none runs, whatever a record of an ended process says.
 * @throws {FileError} When the record cannot be read.
 */
export async function runningService(
  runtime: Pick<Runtime, "fs" | "processStart">,
  stateDirectory: string,
): Promise<ServiceRecord | undefined> {
  return await livingRecord(runtime, pathIn(stateDirectory));
}

/**
 * The last record that was written and not taken away, whether its process lives or not.
 *
 * @param runtime File system.
 * @param stateDirectory Where it lies.
 * @returns The record; `undefined` when there is none: a service that ends in an orderly way removes its own.
 * @throws {FileError} When it cannot be read.
 */
export async function lastRecord(
  { fs }: Pick<Runtime, "fs">,
  stateDirectory: string,
): Promise<ServiceRecord | undefined> {
  return parse(await readFile(fs, pathIn(stateDirectory), RECORD_BYTES));
}

/**
 * Tells whether the process of a record is still the same one.
 *
 * @param runtime Processes.
 * @param record The record.
 * @returns Whether it lives.
 */
export async function isAlive(
  runtime: Pick<Runtime, "processStart">,
  { pid, processStart }: ProcessName,
): Promise<boolean> {
  return await runtime.processStart(pid) === processStart;
}

/** The record of this process, once it is written. */
export interface ServiceClaim {
  /** The process from which it has taken over; it may have ended since. */
  readonly predecessor: ProcessName | undefined;
  /** Writes it again where a service that took over has ended; the record of another one that runs instead. */
  readonly hold: () => Promise<ServiceRecord | undefined>;
  /** Removes it, unless another service has taken over. */
  readonly release: () => Promise<void>;
}

/**
 * Writes the record of this process, unless another service runs.
 *
 * @param runtime File system and processes.
 * @param stateDirectory Where it lies; made when it is not there.
 * @param facts What to tell about this service.
 * @param predecessor The number of the process that hands over to this one: its record is replaced.
 * @returns The claim, or the record of the service that runs already.
 * @throws {FileError} When it cannot be written.
 */
export async function claimService(
  runtime: RecordRuntime,
  stateDirectory: string,
  facts: ServiceFacts,
  predecessor?: number,
): Promise<ServiceClaim | { running: ServiceRecord }> {
  const { fs, pid } = runtime;
  const path = pathIn(stateDirectory);
  const before = predecessor === undefined ? undefined : await runningService(runtime, stateDirectory);
  const follows = before !== undefined && before.pid === predecessor;
  const record: ServiceRecord = {
    pid,
    processStart: await runtime.processStart(pid) ?? "",
    ...facts,
    ...(follows ? { predecessor: { pid: before.pid, processStart: before.processStart } } : {}),
  };
  const text = JSON.stringify(record) + "\n";
  const isOurs = async (): Promise<boolean> =>
    new TextDecoder().decode(await readFile(fs, path, RECORD_BYTES)) === text;
  const bytes = new TextEncoder().encode(text);
  const hold = async (): Promise<ServiceRecord | undefined> =>
    await isOurs() ? undefined : await create(runtime, stateDirectory, bytes);
  await fs.makeDirectory(stateDirectory, 0o700);
  if (follows) await writeDurably(runtime, path, bytes, { mode: 0o600 });
  const running = await hold();
  if (running !== undefined) return { running };
  return {
    predecessor: record.predecessor,
    hold,
    release: async () => {
      if (await isOurs().catch(() => false)) await fs.remove(path).catch(() => {});
    },
  };
}

/** Writes the record where none of a living process is; the record of the living one otherwise. */
async function create(
  runtime: RecordRuntime,
  stateDirectory: string,
  bytes: Uint8Array,
): Promise<ServiceRecord | undefined> {
  const path = pathIn(stateDirectory);
  for (;;) {
    try {
      await createDurably(runtime, path, bytes, { mode: 0o600 });
      return await giveWay(runtime, stateDirectory);
    } catch (error) {
      if (!isFileError(error, "exists")) throw error;
    }
    const running = await runningService(runtime, stateDirectory) ?? await removeDead(runtime, path);
    if (running !== undefined) return running;
  }
}

/**
 * Two that start at once must not remove the record that one of them has just written: what turns out to be a living
 * one's is put back, and stays aside where a third has written its own in between. That one finds it and gives way.
 */
async function removeDead(runtime: RecordRuntime, path: string): Promise<ServiceRecord | undefined> {
  const { fs, random } = runtime;
  const name = Array.from(random(8), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const aside = `${path}.${name}`;
  try {
    await fs.rename(path, aside);
  } catch (error) {
    if (isFileError(error, "absent")) return undefined;
    throw error;
  }
  const living = await livingRecord(runtime, aside);
  if (living === undefined) {
    await fs.remove(aside).catch(() => {});
    return undefined;
  }
  try {
    await fs.link(aside, path);
    await fs.remove(aside).catch(() => {});
  } catch (error) {
    if (!isFileError(error, "exists", "absent")) await fs.rename(aside, path).catch(() => {});
  }
  return living;
}

/** Puts back the record of a living service that was moved aside before this process wrote its own. */
async function giveWay(runtime: RecordRuntime, stateDirectory: string): Promise<ServiceRecord | undefined> {
  const { fs } = runtime;
  const path = pathIn(stateDirectory);
  for (const name of await fs.list(stateDirectory)) {
    if (!/^service\.json\.[0-9a-f]{16}$/.test(name)) continue;
    const aside = path.replace(/service\.json$/, name);
    const living = await livingRecord(runtime, aside);
    if (living === undefined) await fs.remove(aside).catch(() => {});
    else {
      await fs.rename(aside, path).catch(() => {});
      return living;
    }
  }
  return undefined;
}

async function livingRecord(
  runtime: Pick<Runtime, "fs" | "processStart">,
  path: string,
): Promise<ServiceRecord | undefined> {
  const record = parse(await readFile(runtime.fs, path, RECORD_BYTES));
  return record !== undefined && await isAlive(runtime, record) ? record : undefined;
}

function parse(bytes: Uint8Array | undefined): ServiceRecord | undefined {
  try {
    const value: Partial<ServiceRecord> = JSON.parse(new TextDecoder().decode(bytes));
    const { pid, port, startedAt } = value;
    const isWhole = [pid, port, startedAt].every((number) => Number.isSafeInteger(number) && number! > 0) &&
      [value.processStart, value.version, value.host].every((text) => typeof text === "string") &&
      (value.flags === undefined || Array.isArray(value.flags));
    return isWhole ? value as ServiceRecord : undefined;
  } catch {
    return undefined;
  }
}

function pathIn(folder: string): string {
  return `${folder}${folder.includes("\\") ? "\\" : "/"}service.json`;
}
