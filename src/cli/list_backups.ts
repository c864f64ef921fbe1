/**
 * `cco update --list-backups`: what can be gone back to.
 *
 * @module
 */

import type { Invocation } from "./invocation.ts";
import { formatBytes, formatTime, isoTime } from "./times.ts";
import { installedOptions } from "./updater_options.ts";

/**
 * Lists the versions that `cco rollback` can go back to, newest first.
 *
 * @param invocation The run.
 * @returns The exit code.
 */
export async function listBackupsCommand(invocation: Invocation): Promise<number> {
  const { output } = invocation;
  const { listBackups } = await import("../../mod.ts");
  const backups = await listBackups(await installedOptions(invocation));
  if (backups.length === 0) output.line("No backup version available");
  for (const { version, modifiedAt, size, path } of backups) {
    output.line(`${version ?? "unknown"}  ${formatTime(modifiedAt)}  ${formatBytes(size)}  ${path}`);
  }
  output.document({
    backups: backups.map(({ modifiedAt, version, ...backup }) => ({
      version: version ?? null,
      modifiedAt: isoTime(modifiedAt),
      ...backup,
    })),
  });
  return 0;
}
