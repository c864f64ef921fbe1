/**
 * What `cco doctor` looks at around the executable.
 *
 * @module
 */

import type { InstallationReport } from "../../mod.ts";
import type { Finding } from "./doctor.ts";
import type { Invocation } from "./invocation.ts";
import { formatBytes } from "./times.ts";

/** The new version, its archive and the backup lie side by side for a moment. */
const COPIES = 3;

/**
 * Rights, package manager, interrupted update, backup, disk space, PATH.
 *
 * @param invocation The run.
 * @returns What was found.
 */
export async function installationChecks(invocation: Invocation): Promise<Finding[]> {
  const { runtime } = invocation.world;
  const { inspectInstallation } = await import("../../mod.ts");
  try {
    const report = await inspectInstallation({ runtime });
    return [
      ...rights(report),
      progress(report),
      await backup(invocation, report),
      space(report),
      await onPath(invocation, report),
    ];
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const mend = "Install a compiled cco: cco install";
    // `deno run cli.ts`: there is no program of its own to update.
    return [{ name: "Executable", status: error instanceof TypeError ? "note" : "problem", message, mend }];
  }
}

function rights({ executable, problems }: InstallationReport): Finding[] {
  if (problems.length === 0) {
    return [{ name: "Permissions", status: "ok", message: `${executable} can be replaced` }];
  }
  return problems.map((problem) => {
    const isManaged = problem.code === "MANAGED_INSTALL";
    const [message = "", ...rest] = problem.message.replace(/^Failed to install new binary: /, "").split(
      "; ",
    );
    return {
      name: isManaged ? "Package manager" : "Permissions",
      status: "problem",
      message,
      mend: rest.join("; ") || "Change the rights of its folder",
    };
  });
}

function progress({ progress, record }: InstallationReport): Finding {
  const name = "Interrupted update";
  if (progress === "none") return { name, status: "ok", message: "none" };
  if (progress === "running") {
    return { name, status: "note", message: "another process is updating right now" };
  }
  return {
    name,
    status: "problem",
    message: `one was left in the middle: ${record}`,
    mend: "Run: cco update",
  };
}

/** How programs begin: ELF, Mach-O of one processor and of several, Windows, scripts. */
const PROGRAMS: readonly string[] = ["7f454c46", "cffaedfe", "cefaedfe", "cafebabe", "4d5a", "2321"];

async function backup(
  { world: { runtime } }: Invocation,
  { backup, executable }: InstallationReport,
): Promise<Finding> {
  const name = "Previous version";
  if (backup === undefined) return { name, status: "note", message: "none yet; the first update makes one" };
  const start = await beginning(runtime, backup).catch(() => undefined);
  if (start === undefined) {
    const message = `${backup} cannot be read, so that nothing can be gone back to`;
    return { name, status: "problem", message, mend: "Change its rights, or remove it" };
  }
  if (PROGRAMS.some((program) => start.startsWith(program))) return { name, status: "ok", message: backup };
  const message = `${backup} is not a program, so that nothing can be gone back to`;
  const mend = `Remove it, or put the version before ${executable} there; the next update makes a new one`;
  return { name, status: "problem", message, mend };
}

async function beginning({ fs }: Invocation["world"]["runtime"], path: string): Promise<string> {
  const file = await fs.open(path, { access: "read" });
  try {
    const bytes = new Uint8Array(4);
    const count = await file.readAt(0, bytes);
    return Array.from(bytes.subarray(0, count), (byte) => byte.toString(16).padStart(2, "0")).join("");
  } finally {
    file.close();
  }
}

function space({ freeBytes, size = 0, executable }: InstallationReport): Finding {
  const name = "Disk space";
  if (freeBytes === undefined) return { name, status: "note", message: "unknown" };
  const needed = size * COPIES;
  const message = `${formatBytes(freeBytes)} free beside ${executable}, an update needs about ${
    formatBytes(needed)
  }`;
  if (freeBytes >= needed) return { name, status: "ok", message };
  return { name, status: "problem", message, mend: "Make room there" };
}

async function onPath(invocation: Invocation, { executable }: InstallationReport): Promise<Finding> {
  const { terminal, runtime } = invocation.world;
  const name = "PATH";
  const { separator, name: program } = runtime.os === "windows"
    ? { separator: ";", name: "cco.exe" }
    : { separator: ":", name: "cco" };
  for (const folder of (terminal.env("PATH") ?? "").split(separator)) {
    const path = `${folder}/${program}`;
    if (folder === "" || (await runtime.fs.stat(path).catch(() => undefined)) === undefined) continue;
    const real = await runtime.fs.realPath(path).catch(() => path);
    if (real === executable) return { name, status: "ok", message: `cco is ${path}` };
    const mend = `Remove the other one, or put the folder of this one before ${folder}`;
    return { name, status: "problem", message: `cco is ${path}, not this ${executable}`, mend };
  }
  return await notOnPath(invocation);
}

/** What `cco install` writes counts for terminals that are opened afterwards. */
async function notOnPath(invocation: Invocation): Promise<Finding> {
  const name = "PATH";
  const message = "there is no cco on it";
  const { world } = invocation;
  const [home, { binDirectory }] = [await world.terminal.home(), await invocation.paths()];
  const { profilesWithPath } = await import("./profiles.ts");
  const [profile] = home === undefined || binDirectory === undefined
    ? []
    : await profilesWithPath(world, home, binDirectory);
  if (profile === undefined) return { name, status: "problem", message, mend: "Run: cco install" };
  const since = `${message} in this terminal; ${profile} puts it there`;
  return { name, status: "note", message: since, mend: "Open a new terminal" };
}
