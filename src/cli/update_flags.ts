/**
 * What the flags of `cco update` ask for, understood before anything is done.
 *
 * @module
 */

import { CHANNELS } from "../config/kinds.ts";
import { EXIT, Failure } from "./failure.ts";
import type { Invocation } from "./invocation.ts";

/** Flags that each ask for something else. */
const MODES = ["check", "dry-run", "list-backups", "rollback"] as const;
/** Flags about a release, which what looks at this machine only has no use for. */
const CHOICES = ["channel", "version", "allow-downgrade"] as const;

/** What is asked for instead of an update. */
export type UpdateMode = typeof MODES[number];

/**
 * Reads the flags of `cco update`. What cannot be is said before anybody is asked anything.
 *
 * @param invocation The run.
 * @returns What is asked for instead of an update, `undefined` for an update.
 * @throws {Failure} Exit code 2 when the flags contradict each other, or name a channel or a version that cannot be.
 * @throws {ConfigError} Exit code 3 when they contradict the managed policy.
 */
export async function updateMode(invocation: Invocation): Promise<UpdateMode | undefined> {
  const modes = MODES.filter((mode) => invocation.has(mode));
  if (modes.length > 1) throw usage(`Cannot combine --${modes.join(" and --")}`);
  const [mode] = modes;
  if (invocation.has("to") && mode !== "rollback") throw usage("--to needs --rollback");
  if (mode === "list-backups" || mode === "rollback") {
    const choice = CHOICES.find((flag) => invocation.has(flag));
    if (choice !== undefined) throw usage(`Cannot combine --${mode} and --${choice}`);
  }
  requireChannel(invocation.flag("channel"));
  await requireVersion(invocation.flag("version"));
  if (invocation.has("channel") || invocation.has("version")) {
    await (await import("./managed_flags.ts")).refuseManaged(invocation);
  }
  return mode;
}

/**
 * The version as it was asked for: everything that people see writes `v2025.11.2`, so that is what they type, too.
 *
 * @param invocation The run.
 * @returns The version, `undefined` when none was asked for.
 */
export function wantedVersion(invocation: Invocation): string | undefined {
  return invocation.flag("version")?.replace(/^v(?=\d)/, "");
}

/**
 * The command that installs what a check has found: with the same flags, for without them it would be something else.
 *
 * @param invocation The run.
 * @returns The command.
 */
export function commandToInstall(invocation: Invocation): string {
  const values = ["channel", "version", "config"].flatMap((name) => {
    const value = invocation.flag(name);
    if (value === undefined) return [];
    return [`--${name}`, /^[\w./~:\\+-]+$/.test(value) ? value : `"${value}"`];
  });
  const downgrade = invocation.has("allow-downgrade") ? ["--allow-downgrade"] : [];
  return ["cco", "update", ...values, ...downgrade].join(" ");
}

function requireChannel(channel: string | undefined): void {
  if (channel === undefined || CHANNELS.includes(channel)) return;
  throw usage(`Invalid channel: ${channel}. Use: ${CHANNELS.join(", ")}`);
}

async function requireVersion(version: string | undefined): Promise<void> {
  if (version === undefined) return;
  const { isVersion } = await import("../../mod.ts");
  if (isVersion(version.replace(/^v(?=\d)/, ""))) return;
  throw usage(`Invalid version: ${version}. Use a form such as 2025.11.1`);
}

function usage(message: string): Failure {
  return new Failure(message, { exitCode: EXIT.usage, code: "USAGE" });
}
