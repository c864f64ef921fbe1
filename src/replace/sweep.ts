/**
 * Removing what dead processes have left beside an executable.
 *
 * @module
 */

import { temporaryWriter } from "../durable.ts";
import { type Installation, isBesideName } from "../installation.ts";
import { readRecord } from "../journal.ts";
import { isStaleTakeover } from "../journal_takeover.ts";
import { inFolder } from "../path.ts";
import { removeTree } from "../remove.ts";
import type { Runtime } from "../runtime/types.ts";

/** What sweeping needs of a runtime. */
export type SweepRuntime = Pick<Runtime, "fs" | "processStart" | "pid">;

/**
 * Removes files under our names; without a record every one of them belongs to a dead writer.
 *
 * @param runtime File system and processes.
 * @param installation Whose folder is swept.
 * @throws {FileError} When the folder cannot be read.
 */
export async function sweep(
  runtime: SweepRuntime,
  installation: Installation,
): Promise<void> {
  const { fs } = runtime;
  const names = await fs.list(installation.folder);
  // Whoever made a file that is in this list has written its record before: look for that after listing.
  if ((await readRecord(runtime, installation)).kind !== "none") return;
  for (const name of names) {
    // What cannot be removed now (a running program on Windows) is removed at a later start.
    if (await isStray(runtime, installation, name)) {
      await removeTree(fs, inFolder(installation.folder, name)).catch(() => {});
    }
  }
}

async function isStray(
  runtime: SweepRuntime,
  installation: Installation,
  name: string,
): Promise<boolean> {
  if (await isStaleTakeover(runtime, installation, name)) return true;
  const writer = temporaryWriter(installation.record, name);
  if (writer !== undefined) return writer !== runtime.pid && await runtime.processStart(writer) === undefined;
  return (["new", "old", "probe"] as const).some((purpose) => isBesideName(installation, purpose, name));
}
