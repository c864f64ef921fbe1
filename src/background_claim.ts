/**
 * Of all processes of a program, one at a time checks in the background.
 *
 * @module
 */

import { createDurably, readFile } from "./durable.ts";
import { isFileError } from "./errors.ts";
import { isMarkAlive, processMark } from "./journal_process.ts";
import { RECORD_BYTES } from "./limits.ts";
import { inFolder, randomName } from "./path.ts";
import { removeIfThere } from "./remove.ts";
import type { Runtime } from "./runtime/types.ts";

/** What a claim needs of a runtime. */
export type ClaimRuntime = Pick<Runtime, "fs" | "random" | "pid" | "processStart">;

/** Gives the claim back. */
export type ReleaseClaim = () => Promise<void>;

/**
 * Claims the next check. The claim of a process that has ended counts for nothing (T34).
 *
 * @param runtime File system and processes.
 * @param stateDirectory Where the claim lies; made when it is not there.
 * @returns How to give it back, or `undefined` when another process has it. Where nothing can be written every process
 * checks for itself.
 */
export async function claimCheck(
  runtime: ClaimRuntime,
  stateDirectory: string,
): Promise<ReleaseClaim | undefined> {
  const path = inFolder(stateDirectory, "background.claim");
  const mark = await processMark(runtime);
  try {
    await runtime.fs.makeDirectory(stateDirectory, 0o700);
    for (let tries = 0; tries < 2; tries++) {
      if (await create(runtime, path, mark)) return () => removeIfThere(runtime.fs, path).catch(() => {});
      if (!await putAside(runtime, path)) return undefined;
    }
    return undefined;
  } catch (error) {
    if (isFileError(error)) return () => Promise.resolve();
    throw error;
  }
}

async function create(runtime: ClaimRuntime, path: string, mark: Uint8Array): Promise<boolean> {
  try {
    await createDurably(runtime, path, mark, { mode: 0o600 });
    return true;
  } catch (error) {
    if (isFileError(error, "exists")) return false;
    throw error;
  }
}

/** Takes the claim of a dead process away. Two that do so at once must not take away what one of them made since. */
async function putAside(runtime: ClaimRuntime, path: string): Promise<boolean> {
  if (await isMarkAlive(runtime, await readFile(runtime.fs, path, RECORD_BYTES))) return false;
  const aside = `${path}.${randomName(runtime)}`;
  try {
    await runtime.fs.rename(path, aside);
  } catch (error) {
    if (isFileError(error, "absent")) return true;
    throw error;
  }
  const isLive = await isMarkAlive(runtime, await readFile(runtime.fs, aside, RECORD_BYTES));
  if (isLive) await runtime.fs.link(aside, path).catch(() => {});
  await removeIfThere(runtime.fs, aside);
  return !isLive;
}
