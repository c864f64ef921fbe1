/**
 * One line, at most once a day, when a newer version is known.
 *
 * @module
 */

import { changeState, readState } from "../config/state.ts";
import type { Invocation } from "./invocation.ts";
import { newerVersion } from "./version.ts";

const DAY = 24 * 3_600_000;

/** Commands that say it themselves, or whose output is not for a person to be interrupted in. */
const SILENT: readonly string[] = [
  "update",
  "rollback",
  "version",
  "explain",
  "doctor",
  "completions",
  "complete",
  "run",
];

/**
 * Shows the notice on standard error, if there is something to tell and the person wants to be told. Only what was
 * remembered is used: no network. The caller has made sure that standard error is a terminal, without `--quiet` and
 * `--json`; where colour is not welcome the line comes without.
 *
 * @param invocation The run that has just ended.
 */
export async function showNotice(invocation: Invocation): Promise<void> {
  const { output, world: { build, runtime, terminal } } = invocation;
  if (terminal.env("CI") || !terminal.isTerminal("stdout")) return;
  if (invocation.parsed.path.some(({ name }) => SILENT.includes(name))) return;
  const { stateDirectory } = await invocation.paths();
  const { state } = await readState(runtime, stateDirectory);
  const newer = newerVersion(state.found, build.version);
  if (newer === undefined || runtime.now() - (state.lastNotice ?? 0) < DAY) return;
  if (!(await invocation.settings()).get("updates.notify_on_update")) return;
  // A notice that cannot be remembered would be shown at every command.
  if (await changeState(runtime, stateDirectory, { lastNotice: runtime.now() }) === "failed") return;
  output.note(`ℹ️  New version available: v${newer}. Run 'cco update' to install`);
}
