/**
 * `cco install`: this executable to its place, and that place on PATH.
 *
 * @module
 */

import type { Runtime } from "../../machine.ts";
import { copyExecutable, isSameFile } from "./copy_executable.ts";
import { EXIT, Failure } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { missingFolders, rememberFolders } from "./install_folders.ts";
import { profileFolders } from "./profile_places.ts";
import { addToPath } from "./profiles.ts";

/**
 * Copies this executable to `~/.local/bin` and puts that folder on PATH, once. Running it again changes nothing.
 *
 * @param invocation The run.
 * @returns The exit code.
 * @throws {Failure} Exit code 1 when another file is there and `--force` is not given, or PATH cannot be set.
 */
export async function installProgram(invocation: Invocation): Promise<number> {
  const { output, world } = invocation;
  const { runtime } = world;
  const source = await requireCompiled(runtime);
  const target = await installedPath(invocation);
  const missing = await missingFolders(runtime, await installFolders(invocation));
  const isNew = await place(runtime, source, target, { force: invocation.has("force") });
  const home = (await world.terminal.home())!;
  let profiles: string[];
  try {
    profiles = await addToPath(world, home, folderOf(target));
  } finally {
    await remember(invocation, missing);
  }
  output.line(isNew ? `✅ Installed ${target}` : `✅ Already installed: ${target}`);
  for (const profile of profiles) output.line(`→ PATH is set in ${profile}`);
  if (profiles.length > 0) output.step("Open a new terminal to use it.");
  output.document({ executable: target, installed: isNew, profiles });
  return EXIT.ok;
}

/**
 * Where the installed executable lies.
 *
 * @param invocation The run.
 * @returns Its path, whether it is there or not.
 * @throws {Failure} When the account has no folder of its own.
 */
export async function installedPath(invocation: Invocation): Promise<string> {
  const { binDirectory } = await invocation.paths();
  if (binDirectory === undefined) throw failure("This account has no folder to install to");
  return invocation.world.runtime.os === "windows" ? `${binDirectory}\\cco.exe` : `${binDirectory}/cco`;
}

/**
 * The folders that an installation needs.
 *
 * @param invocation The run.
 * @returns The folders, whether they are there or not.
 */
export async function installFolders(invocation: Invocation): Promise<string[]> {
  const { world } = invocation;
  const { stateDirectory } = await invocation.paths();
  const folders = [folderOf(await installedPath(invocation)), ...(stateDirectory ? [stateDirectory] : [])];
  return [...folders, ...profileFolders(world, (await world.terminal.home())!)];
}

/** An installation that cannot remember what it made is one all the same. */
async function remember(invocation: Invocation, missing: readonly string[]): Promise<void> {
  const { runtime } = invocation.world;
  const { stateDirectory } = await invocation.paths();
  if (stateDirectory === undefined || missing.length === 0) return;
  const made: string[] = [];
  for (const path of missing) if (await runtime.fs.stat(path) !== undefined) made.push(path);
  if (made.length === 0) return;
  try {
    await runtime.fs.makeDirectory(stateDirectory, 0o700);
    const ours = missing.filter((path) => made.includes(path) || stateDirectory.startsWith(path));
    await rememberFolders(runtime, stateDirectory, ours);
  } catch (error) {
    invocation.output.detail(`the folders that were made cannot be remembered: ${error}`);
  }
}

async function requireCompiled({ fs, execPath }: Runtime): Promise<string> {
  if (/(?:^|[\\/])deno(?:\.exe)?$/i.test(execPath)) {
    throw failure(
      `Cannot install ${execPath}: this cco runs from source. Compile it first: deno task compile`,
    );
  }
  return await fs.realPath(execPath);
}

async function place(
  runtime: Runtime,
  source: string,
  target: string,
  { force }: { force: boolean },
): Promise<boolean> {
  const { fs } = runtime;
  try {
    const there = await fs.stat(target);
    if (there !== undefined && there.kind !== "file") {
      throw failure(`Cannot install: ${target} is no file. Move it away, then run 'cco install' again`);
    }
    if (there !== undefined && await isSameFile(fs, source, await fs.realPath(target))) return false;
    if (there !== undefined && !force) {
      throw failure(
        `Cannot install: there is another ${target}. Run 'cco update' to update it, or add --force`,
      );
    }
    await fs.makeDirectory(folderOf(target), 0o755);
    await copyExecutable(runtime, source, target);
    return true;
  } catch (error) {
    if (error instanceof Failure) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw failure(
      `Failed to install new binary: ${folderOf(target)}: ${why}. Change the rights of that folder`,
      error,
    );
  }
}

/** The folder that a path lies in. */
export function folderOf(path: string): string {
  return path.slice(0, path.search(/[\\/][^\\/]*$/));
}

function failure(message: string, cause?: unknown): Failure {
  return new Failure(message, { exitCode: EXIT.general, code: "INSTALL", cause });
}
