/**
 * Probation: the first starts of a new version are counted until the program says that it works.
 *
 * Each start leaves a small file that names its process. A file whose process has ended while the version is still on
 * probation is a failed start; one whose process lives is not, so that several copies may start at once. There is
 * nothing to increment, and so nothing to lose when two of them write.
 *
 * @module
 */

import { createDurably, readFile, writeDurably } from "./durable.ts";
import type { Installation } from "./installation.ts";
import { isMarkAlive, processMark } from "./journal_process.ts";
import { RECORD_BYTES } from "./limits.ts";
import { inFolder, randomName } from "./path.ts";
import { removeIfThere, removeTree } from "./remove.ts";
import type { Runtime } from "./runtime/types.ts";

/** What probation needs of a runtime. */
export type ProbationRuntime = Pick<Runtime, "fs" | "random" | "pid" | "processStart">;

/** A version on probation. */
export interface Probation {
  /** Path of the executable. */
  readonly executable: string;
  /** The version that has to prove itself. */
  readonly version: string;
  /** The version before, which is put back if it does not. */
  readonly from: string;
  /** Which file it is: probation ends when somebody else replaces it. */
  readonly identity: string | null;
  /** Its size in bytes. */
  readonly size: number;
}

/** So many starts in a row that ended without a sign of health are taken as proof that the version is bad. */
export const FAILED_STARTS = 3;

/**
 * Puts a version on probation.
 *
 * @param runtime File system and randomness.
 * @param stateDirectory Where it is remembered.
 * @param installation The executable, already replaced.
 * @param versions The version that has to prove itself, and the one before.
 * @throws {FileError} When it cannot be written.
 */
export async function beginProbation(
  runtime: ProbationRuntime,
  stateDirectory: string,
  { executable }: Installation,
  versions: Pick<Probation, "version" | "from">,
): Promise<void> {
  const info = await runtime.fs.stat(executable);
  const probation: Probation = {
    ...versions,
    executable,
    identity: info?.identity ?? null,
    size: info?.size ?? 0,
  };
  await endProbation(runtime, stateDirectory);
  await runtime.fs.makeDirectory(stateDirectory, 0o700);
  const bytes = new TextEncoder().encode(JSON.stringify(probation) + "\n");
  await writeDurably(runtime, recordIn(stateDirectory), bytes, { mode: 0o600 });
}

/**
 * The version on probation, if the executable is still the one that was put on it.
 *
 * @param runtime File system.
 * @param stateDirectory Where it is remembered.
 * @param installation The executable.
 * @returns What is on probation, or `undefined`.
 */
export async function probationOf(
  { fs }: Pick<Runtime, "fs">,
  stateDirectory: string,
  { executable }: Installation,
): Promise<Probation | undefined> {
  const bytes = await readFile(fs, recordIn(stateDirectory), RECORD_BYTES);
  if (bytes === undefined) return undefined;
  const probation = decode(bytes);
  if (probation?.executable !== executable) return undefined;
  const info = await fs.stat(executable);
  const isSame = info?.size === probation.size && (info.identity ?? null) === probation.identity;
  return isSame ? probation : undefined;
}

/**
 * The version on probation, whatever became of its executable.
 *
 * @param runtime File system.
 * @param stateDirectory Where it is remembered.
 * @returns The version, or `undefined` when none is.
 */
export async function versionOnProbation(
  { fs }: Pick<Runtime, "fs">,
  stateDirectory: string,
): Promise<string | undefined> {
  const bytes = await readFile(fs, recordIn(stateDirectory), RECORD_BYTES);
  return bytes && decode(bytes)?.version;
}

/**
 * Counts this start and tells how many before it failed.
 *
 * @param runtime File system and processes.
 * @param stateDirectory Where starts are remembered.
 * @returns How many earlier starts ended without a sign of health.
 * @throws {FileError} When the start cannot be written down.
 */
export async function countStart(runtime: ProbationRuntime, stateDirectory: string): Promise<number> {
  const { fs, pid } = runtime;
  const folder = startsIn(stateDirectory);
  await fs.makeDirectory(folder, 0o700);
  let failed = 0;
  for (const name of await fs.list(folder)) {
    if (await hasEnded(runtime, inFolder(folder, name))) failed++;
  }
  const path = inFolder(folder, `${pid}-${randomName(runtime)}`);
  await createDurably(runtime, path, await processMark(runtime), { mode: 0o600 });
  return failed;
}

/**
 * Ends probation: the version has proved itself, or is gone.
 *
 * @param runtime File system.
 * @param stateDirectory Where it is remembered.
 * @throws {FileError} When it cannot be removed.
 */
export async function endProbation({ fs }: Pick<Runtime, "fs">, stateDirectory: string): Promise<void> {
  await removeIfThere(fs, recordIn(stateDirectory));
  await removeTree(fs, startsIn(stateDirectory));
}

async function hasEnded(runtime: ProbationRuntime, path: string): Promise<boolean> {
  const bytes = await readFile(runtime.fs, path, RECORD_BYTES);
  // A file that went away was removed by a process that has proved the version.
  if (bytes === undefined) return false;
  return !await isMarkAlive(runtime, bytes);
}

function decode(bytes: Uint8Array): Probation | undefined {
  try {
    const value: Partial<Probation> | null = JSON.parse(new TextDecoder().decode(bytes));
    const isWhole = typeof value?.executable === "string" && typeof value.version === "string" &&
      typeof value.from === "string" && typeof value.size === "number" && value.identity !== undefined;
    return isWhole ? value as Probation : undefined;
  } catch {
    return undefined;
  }
}

function recordIn(stateDirectory: string): string {
  return inFolder(stateDirectory, "probation.json");
}

function startsIn(stateDirectory: string): string {
  return inFolder(stateDirectory, "starts");
}
