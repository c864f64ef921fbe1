/**
 * The folders that `cco install` had to make, so that `cco uninstall` can take them away again when they are empty.
 *
 * @module
 */

import { readFile, type Runtime, writeDurably } from "../../machine.ts";

const BYTES = 64 * 1024;

/** The parts of a runtime that are needed here. */
type FolderRuntime = Pick<Runtime, "fs" | "random" | "pid">;

/**
 * Lists the folders that are not there, parents before what is in them.
 *
 * @param runtime File system.
 * @param paths Folders.
 * @returns Those of them and of their parents that do not exist.
 */
export async function missingFolders(
  { fs }: Pick<Runtime, "fs">,
  paths: readonly string[],
): Promise<string[]> {
  const missing: string[] = [];
  for (const path of withParents(paths)) if (await fs.stat(path) === undefined) missing.push(path);
  return missing;
}

/**
 * Remembers folders as made by `cco install`, besides those that an earlier one has made.
 *
 * @param runtime File system.
 * @param stateDirectory Where; it must exist.
 * @param folders The folders.
 */
export async function rememberFolders(
  runtime: FolderRuntime,
  stateDirectory: string,
  folders: readonly string[],
): Promise<void> {
  const all = [...new Set([...await readFolders(runtime, stateDirectory), ...folders])];
  const text = JSON.stringify({ folders: all }) + "\n";
  await writeDurably(runtime, fileIn(stateDirectory), new TextEncoder().encode(text), { mode: 0o600 });
}

/**
 * Removes the folders that `cco install` has made and that are empty now, and forgets them.
 *
 * @param runtime File system.
 * @param stateDirectory Where they are remembered.
 * @param possible The folders that an installation can need: nothing else is removed, whatever the file says (T35).
 */
export async function removeFolders(
  runtime: FolderRuntime,
  stateDirectory: string,
  possible: readonly string[],
): Promise<void> {
  const { fs } = runtime;
  const remembered = new Set(await readFolders(runtime, stateDirectory));
  await fs.remove(fileIn(stateDirectory)).catch(() => {});
  const made = withParents(possible).filter((path) => remembered.has(path));
  // One that holds something stays: removing it fails.
  for (const path of made.reverse()) await fs.remove(path).catch(() => {});
}

async function readFolders({ fs }: FolderRuntime, stateDirectory: string): Promise<string[]> {
  try {
    const bytes = await readFile(fs, fileIn(stateDirectory), BYTES);
    const value: unknown = bytes === undefined ? {} : JSON.parse(new TextDecoder().decode(bytes));
    const folders = typeof value === "object" && value !== null && "folders" in value ? value.folders : [];
    return Array.isArray(folders) ? folders.filter((path) => typeof path === "string") : [];
  } catch {
    return [];
  }
}

function fileIn(stateDirectory: string): string {
  return `${stateDirectory}${stateDirectory.includes("\\") ? "\\" : "/"}install.json`;
}

/** Each path and all above it but the root, shortest first. */
function withParents(paths: readonly string[]): string[] {
  const all = paths.flatMap((path) =>
    [...path.matchAll(/[\\/]/g)].map(({ index }) => path.slice(0, index)).concat(path)
  );
  return [...new Set(all)].filter((path) => /[\\/]./.test(path)).sort((a, b) => a.length - b.length);
}
