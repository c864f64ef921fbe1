/**
 * The record of the running service: where it can be asked, and which process it is.
 *
 * @module
 */

import { createDurably, isFileError, readFile, type Runtime } from "../../machine.ts";

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
}

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
  const record = parse(await readFile(runtime.fs, pathIn(stateDirectory), RECORD_BYTES));
  return record !== undefined && await isAlive(runtime, record) ? record : undefined;
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
  { pid, processStart }: Pick<ServiceRecord, "pid" | "processStart">,
): Promise<boolean> {
  return await runtime.processStart(pid) === processStart;
}

/**
 * Writes the record of this process, unless another service runs.
 *
 * @param runtime File system and processes.
 * @param stateDirectory Where it lies; made when it is not there.
 * @param facts What to tell about this service.
 * @returns How to remove it, or the record of the service that runs already.
 * @throws {FileError} When it cannot be written.
 */
export async function claimService(
  runtime: RecordRuntime,
  stateDirectory: string,
  facts: Pick<ServiceRecord, "version" | "host" | "port" | "startedAt">,
): Promise<{ release: () => Promise<void> } | { running: ServiceRecord }> {
  const { fs, pid } = runtime;
  const path = pathIn(stateDirectory);
  const record: ServiceRecord = { pid, processStart: await runtime.processStart(pid) ?? "", ...facts };
  const bytes = new TextEncoder().encode(JSON.stringify(record) + "\n");
  await fs.makeDirectory(stateDirectory, 0o700);
  for (;;) {
    try {
      await createDurably(runtime, path, bytes, { mode: 0o600 });
      return { release: () => fs.remove(path).catch(() => {}) };
    } catch (error) {
      if (!isFileError(error, "exists")) throw error;
    }
    const running = await runningService(runtime, stateDirectory) ?? await removeDead(runtime, path);
    if (running !== undefined) return { running };
  }
}

/** Two that start at once must not remove the record that one of them has just written. */
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
  const record = parse(await readFile(fs, aside, RECORD_BYTES));
  const isLive = record !== undefined && await isAlive(runtime, record);
  if (isLive) await fs.link(aside, path).catch(() => {});
  await fs.remove(aside);
  return isLive ? record : undefined;
}

function parse(bytes: Uint8Array | undefined): ServiceRecord | undefined {
  try {
    const value: Partial<ServiceRecord> = JSON.parse(new TextDecoder().decode(bytes));
    const { pid, port, startedAt } = value;
    const isWhole = [pid, port, startedAt].every((number) => Number.isSafeInteger(number) && number! > 0) &&
      [value.processStart, value.version, value.host].every((text) => typeof text === "string");
    return isWhole ? value as ServiceRecord : undefined;
  } catch {
    return undefined;
  }
}

function pathIn(folder: string): string {
  return `${folder}${folder.includes("\\") ? "\\" : "/"}service.json`;
}
