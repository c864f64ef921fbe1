/**
 * `cco uninstall`: what `cco install` and updates have put there, taken away again.
 *
 * @module
 */

import { isSameFile } from "./copy_executable.ts";
import { EXIT, Failure } from "./failure.ts";
import { removeFolders } from "./install_folders.ts";
import { folderOf, installedPath, installFolders } from "./install_program.ts";
import type { Invocation } from "./invocation.ts";
import { removeFromPath } from "./profiles.ts";

/** What every `cco` answers to `--version`. */
const ANSWER = /^cco \d\S*\r?\n$/;
const PATIENCE = { timeout: 10_000, maxOutputBytes: 4096 };
/** What an update that was interrupted, or that works at this moment, keeps beside the executable. */
const REMAINS = /^\.cco(?:\.exe)?\.(?:update|new|old|probe|probation)\b/;

/**
 * Removes the installed executable, its backups, the lines on PATH, and the folders that were made for it. Settings and
 * state stay, and it says where.
 *
 * @param invocation The run.
 * @returns The exit code.
 * @throws {Failure} Exit code 1 when the file there is not `cco`, when the service runs, or a file cannot be removed.
 */
export async function uninstallProgram(invocation: Invocation): Promise<number> {
  const { output, world } = invocation;
  const { runtime, terminal } = world;
  const target = await installedPath(invocation);
  const files = await filesOf(invocation, target);
  if (files.includes(target)) await requireOurs(invocation, target);
  await requireStopped(invocation);
  const removed = [...files, ...await remainsOf(invocation, target)];
  for (const path of removed) await remove(invocation, path);
  const profiles = await removeFromPath(world, (await terminal.home())!, folderOf(target));
  const { stateDirectory } = await invocation.paths();
  if (stateDirectory !== undefined) {
    await removeFolders(runtime, stateDirectory, await installFolders(invocation));
  }
  for (const path of removed) output.line(`→ Removed ${path}`);
  for (const path of profiles) output.line(`→ PATH is no longer set in ${path}`);
  const isDone = removed.length + profiles.length > 0;
  output.line(isDone ? "✅ Uninstalled" : `✅ Nothing to uninstall: there is no ${target}`);
  const kept = [...await copiesOf(invocation, target), ...await keptPaths(invocation)];
  for (const path of kept) output.step(`Kept: ${path}`);
  output.document({ removed, profiles, kept });
  return EXIT.ok;
}

/** The executable and the versions before it. */
async function filesOf(invocation: Invocation, target: string): Promise<string[]> {
  return await besides(invocation, target, /^(?:\.backup(?:\.older-\d{4,9})?)?$/);
}

/** Older versions were called so before, and people call their own copies that, by the year or the date. */
async function copiesOf(invocation: Invocation, target: string): Promise<string[]> {
  return await besides(invocation, target, /^\.backup\.\d+$/);
}

/** The files whose names go on as a pattern says after that of the executable. */
async function besides(
  { world: { runtime: { fs } } }: Invocation,
  target: string,
  rest: RegExp,
): Promise<string[]> {
  const folder = folderOf(target);
  const names = await fs.list(folder).catch(() => []);
  const name = target.slice(folder.length + 1);
  const ours = names.filter((other) => other.startsWith(name) && rest.test(other.slice(name.length)));
  return ours.sort().map((other) => target.slice(0, -name.length) + other);
}

async function remainsOf({ world: { runtime: { fs } } }: Invocation, target: string): Promise<string[]> {
  const folder = folderOf(target);
  const names = await fs.list(folder).catch(() => []);
  return names.filter((name) => REMAINS.test(name)).sort().map((name) =>
    `${folder}${target[folder.length]}${name}`
  );
}

/** Somebody else's program may have the same name, and what is removed is gone. */
async function requireOurs({ world: { runtime } }: Invocation, path: string): Promise<void> {
  const { fs, execPath } = runtime;
  try {
    if (await isSameFile(fs, await fs.realPath(path), await fs.realPath(execPath))) return;
    const { stdout } = await runtime.run(path, { args: ["--version"], env: {}, ...PATIENCE });
    if (ANSWER.test(new TextDecoder().decode(stdout))) return;
  } catch {
    // What cannot be read or does not start is nothing that this program has installed.
  }
  throw failure(`Cannot uninstall ${path}: it is not cco. Remove it by hand if you want it gone`);
}

async function requireStopped(invocation: Invocation): Promise<void> {
  const { serviceNow } = await import("./daemon_process.ts");
  const service = await serviceNow(invocation).catch(() => undefined);
  if (service === undefined) return;
  throw failure(`Cannot uninstall: the daemon is running (PID: ${service.pid}). Run 'cco daemon stop' first`);
}

async function remove({ world: { runtime } }: Invocation, path: string): Promise<void> {
  try {
    await runtime.fs.remove(path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const hint = runtime.os === "windows"
      ? "A running program cannot be removed: delete the file by hand"
      : "Remove it by hand";
    throw failure(`Cannot remove ${path}: ${why}. ${hint}`, error);
  }
}

async function keptPaths(invocation: Invocation): Promise<string[]> {
  const { configFile, stateDirectory } = await invocation.paths();
  const kept: string[] = [];
  for (const path of [configFile, stateDirectory]) {
    if (path !== undefined && await invocation.world.runtime.fs.stat(path) !== undefined) kept.push(path);
  }
  return kept;
}

function failure(message: string, cause?: unknown): Failure {
  return new Failure(message, { exitCode: EXIT.general, code: "INSTALL", cause });
}
