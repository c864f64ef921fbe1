/**
 * What `cco install` does to the start-up files of shells.
 *
 * @module
 */

import { readFile, type Runtime, writeDurably } from "../../machine.ts";
import { EXIT, Failure } from "./failure.ts";
import { addBlock, hasBlock, removeBlocks } from "./profile_block.ts";
import { profilePlaces, type ProfileWorld, usedProfiles } from "./profile_places.ts";
import type { PathLine } from "./profile_lines.ts";

const PROFILE_BYTES = 1024 * 1024;

/**
 * Puts a folder on PATH for the shells that are used here: those whose start-up file is there, and the person's own.
 *
 * @param world Machine and environment.
 * @param home The user's folder.
 * @param folder The folder to put on PATH.
 * @returns The files that were changed; none when the folder is on PATH already.
 * @throws {Failure} When a file cannot be changed; names the line to add by hand.
 */
export async function addToPath(world: ProfileWorld, home: string, folder: string): Promise<string[]> {
  const { runtime, terminal } = world;
  const separator = runtime.os === "windows" ? ";" : ":";
  if ((terminal.env("PATH") ?? "").split(separator).includes(folder)) return [];
  const changed: string[] = [];
  for (const { path, line } of await usedProfiles(world, home)) {
    const own = lineFor(line, folder, home);
    try {
      const text = await readText(runtime, path);
      const next = addBlock(text, own);
      if (next === text) continue;
      await writeText(runtime, path, next);
    } catch (error) {
      throw failure(`Cannot set PATH in ${path}: ${reason(error)}. ${mend(path, own)}`, error);
    }
    changed.push(path);
  }
  return changed;
}

/**
 * Takes away what {@link addToPath} added.
 *
 * @param world Machine and environment.
 * @param home The user's folder.
 * @param folder The folder that was put on PATH.
 * @returns The files that were changed or removed.
 * @throws {Failure} When a file cannot be changed.
 */
export async function removeFromPath(world: ProfileWorld, home: string, folder: string): Promise<string[]> {
  const { runtime } = world;
  const changed: string[] = [];
  for (const { path, line } of profilePlaces(world, home)) {
    try {
      const text = await readText(runtime, path);
      if (text === undefined) continue;
      const next = removeBlocks(text, lineFor(line, folder, home));
      if (next === text) continue;
      if (next === undefined) await runtime.fs.remove(path);
      else await writeText(runtime, path, next);
    } catch (error) {
      const hint = "Remove the lines between the marks 'cco path' there by hand";
      throw failure(`Cannot change ${path}: ${reason(error)}. ${hint}`, error);
    }
    changed.push(path);
  }
  return changed;
}

/**
 * The start-up files that put a folder on PATH already, for terminals that are opened from now on.
 *
 * @param world Machine and environment.
 * @param home The user's folder.
 * @param folder The folder.
 * @returns The files with the whole block of {@link addToPath}; one that cannot be read is none.
 */
export async function profilesWithPath(
  world: ProfileWorld,
  home: string,
  folder: string,
): Promise<string[]> {
  const found: string[] = [];
  for (const { path, line } of profilePlaces(world, home)) {
    const text = await readText(world.runtime, path).catch(() => undefined);
    if (text !== undefined && hasBlock(text, lineFor(line, folder, home))) found.push(path);
  }
  return found;
}

/** Home folders move; the shells know where they are. */
function lineFor(line: PathLine, folder: string, home: string): string {
  return line(folder.startsWith(`${home}/`) ? `$HOME${folder.slice(home.length)}` : folder);
}

async function readText({ fs }: Runtime, path: string): Promise<string | undefined> {
  const bytes = await readFile(fs, path, PROFILE_BYTES);
  if (bytes === undefined) return undefined;
  if (bytes.length > PROFILE_BYTES) throw new Error("it is too large to be a start-up file");
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

/** Links into a folder of dotfiles stay links. */
async function writeText(runtime: Runtime, path: string, text: string): Promise<void> {
  const { fs } = runtime;
  const info = await fs.stat(path);
  if (info === undefined) await fs.makeDirectory(path.slice(0, path.lastIndexOf("/")), 0o755);
  const real = info === undefined ? path : await fs.realPath(path);
  const mode = info === undefined ? 0o644 : (await fs.stat(real))?.mode ?? 0o644;
  await writeDurably(runtime, real, new TextEncoder().encode(text), { mode });
}

function mend(path: string, line: string): string {
  return `Make ${path} and its folder writable and run 'cco install' again, or add this line yourself: ${line}`;
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function failure(message: string, cause: unknown): Failure {
  return new Failure(message, { exitCode: EXIT.general, code: "INSTALL", cause });
}
