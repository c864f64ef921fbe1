/**
 * The versions that failed on this machine. They are not offered again.
 *
 * @module
 */

import { readFile, writeDurably } from "./durable.ts";
import { STATE_BYTES } from "./limits.ts";
import { inFolder } from "./path.ts";
import type { Runtime } from "./runtime/types.ts";
import { isVersion } from "./version.ts";

/** How many are remembered: the newest failures are the ones a manifest may still offer. */
const REMEMBERED = 32;

/**
 * The versions that failed here before. A damaged file counts as an empty one: an update is then offered once more.
 *
 * @param runtime File system.
 * @param stateDirectory Where they are remembered.
 * @returns Their SemVer versions, oldest failure first.
 * @throws {FileError} When the file is there but cannot be read.
 */
export async function refusedVersions(
  { fs }: Pick<Runtime, "fs">,
  stateDirectory: string,
): Promise<string[]> {
  const bytes = await readFile(fs, pathIn(stateDirectory), STATE_BYTES);
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes ?? new Uint8Array()));
    return Array.isArray(value) ? value.filter((item) => typeof item === "string" && isVersion(item)) : [];
  } catch {
    return [];
  }
}

/**
 * Remembers a version as failed, durably. Called before the old version is restored: a crash in between must not make
 * the failed one look new again.
 *
 * @param runtime File system and randomness.
 * @param stateDirectory Where it is remembered.
 * @param version The version that failed.
 * @throws {FileError} When it cannot be written.
 */
export async function refuseVersion(
  runtime: Pick<Runtime, "fs" | "random" | "pid">,
  stateDirectory: string,
  version: string,
): Promise<void> {
  const known = await refusedVersions(runtime, stateDirectory);
  await write(runtime, stateDirectory, [...known.filter((item) => item !== version), version]);
}

/**
 * Forgets that a version failed: it works now.
 *
 * @param runtime File system and randomness.
 * @param stateDirectory Where it is remembered.
 * @param version The version.
 * @throws {FileError} When that cannot be written.
 */
export async function forgiveVersion(
  runtime: Pick<Runtime, "fs" | "random" | "pid">,
  stateDirectory: string,
  version: string,
): Promise<void> {
  const known = await refusedVersions(runtime, stateDirectory);
  if (!known.includes(version)) return;
  await write(runtime, stateDirectory, known.filter((item) => item !== version));
}

async function write(
  runtime: Pick<Runtime, "fs" | "random" | "pid">,
  stateDirectory: string,
  versions: readonly string[],
): Promise<void> {
  await runtime.fs.makeDirectory(stateDirectory, 0o700);
  const bytes = new TextEncoder().encode(JSON.stringify(versions.slice(-REMEMBERED)) + "\n");
  await writeDurably(runtime, pathIn(stateDirectory), bytes, { mode: 0o600 });
}

function pathIn(stateDirectory: string): string {
  return inFolder(stateDirectory, "refused-versions.json");
}
