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
      backup(report),
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

function backup({ backup }: InstallationReport): Finding {
  const message = backup === undefined ? "none yet; the first update makes one" : backup;
  return { name: "Previous version", status: backup === undefined ? "note" : "ok", message };
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

async function onPath(
  { world: { terminal, runtime } }: Invocation,
  { executable }: InstallationReport,
): Promise<Finding> {
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
  return { name, status: "problem", message: "there is no cco on it", mend: "Run: cco install" };
}
