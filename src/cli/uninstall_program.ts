/**
 * `cco uninstall`: what `cco install` and updates have put there, taken away again.
 *
 * @module
 */

import type { Runtime } from "../../machine.ts";
import type { Invocation } from "./invocation.ts";
import { EXIT, Failure } from "./failure.ts";
import { installedPath } from "./install_program.ts";
import { removeFromPath } from "./profiles.ts";

/**
 * Removes the installed executable, every version that was kept, and the lines on PATH. Settings and state stay, and it says where.
 *
 * @param invocation The run.
 * @returns The exit code.
 * @throws {Failure} When a file cannot be removed.
 */
export async function uninstallProgram(invocation: Invocation): Promise<number> {
  const { output, world } = invocation;
  const { runtime, terminal } = world;
  const target = await installedPath(invocation);
  const removed: string[] = [];
  for (const path of [target, ...await backupsOf(runtime, target)]) {
    if (await runtime.fs.stat(path) === undefined) continue;
    await remove(invocation, path);
    removed.push(path);
  }
  const profiles = await removeFromPath(world, (await terminal.home())!);
  for (const path of removed) output.line(`→ Removed ${path}`);
  for (const path of profiles) output.line(`→ PATH is no longer set in ${path}`);
  const isDone = removed.length + profiles.length > 0;
  output.line(isDone ? "✅ Uninstalled" : `✅ Nothing to uninstall: there is no ${target}`);
  const kept = await keptPaths(invocation);
  for (const path of kept) output.step(`Kept: ${path}`);
  output.document({ removed, profiles, kept });
  return EXIT.ok;
}

/** Without running them: what is removed need not say which version it is. */
async function backupsOf({ fs }: Runtime, target: string): Promise<string[]> {
  const end = Math.max(target.lastIndexOf("/"), target.lastIndexOf("\\")) + 1;
  const prefix = `${target.slice(end)}.backup`;
  const names = await fs.list(target.slice(0, end)).catch(() => []);
  return names.filter((name) => name.startsWith(prefix) && /^(?:\.\d{4,})?$/.test(name.slice(prefix.length)))
    .sort().map((name) => target.slice(0, end) + name);
}

async function remove({ world: { runtime } }: Invocation, path: string): Promise<void> {
  try {
    await runtime.fs.remove(path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const hint = runtime.os === "windows"
      ? "A running program cannot be removed: delete the file by hand"
      : "Remove it by hand";
    throw new Failure(`Cannot remove ${path}: ${why}. ${hint}`, {
      exitCode: EXIT.general,
      code: "INSTALL",
      cause: error,
    });
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
