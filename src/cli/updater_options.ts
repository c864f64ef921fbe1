/**
 * From the settings, the build and the environment to the updater's options.
 *
 * @module
 */

import type { Runtime } from "../../machine.ts";
import type { CheckForUpdateOptions, FetchManifestOptions, ProbeOptions } from "../../mod.ts";
import { parseDuration } from "../config/duration.ts";
import type { Settings } from "../config/load_settings.ts";
import type { Build } from "./build.ts";
import type { Invocation } from "./invocation.ts";
import { wantedVersion } from "./update_flags.ts";

const APP = "cco";

/** Options of every step that works on the installed executable. */
export interface InstalledOptions {
  /** The machine. */
  readonly runtime: Runtime;
  /** The program's name in manifests and state. */
  readonly app: string;
  /** What is remembered about it. */
  readonly stateDirectory: string | undefined;
  /** How an executable is asked for its version. */
  readonly probe: ProbeOptions;
}

/**
 * The options of the steps that need no network.
 *
 * @param invocation The run.
 * @returns The options.
 */
export async function installedOptions(invocation: Invocation): Promise<InstalledOptions> {
  const { stateDirectory } = await invocation.paths();
  const { runtime, build } = invocation.world;
  return { runtime, app: APP, stateDirectory, probe: probeOf(build) };
}

/** Options of every step that talks to a source. */
export interface UpdaterOptions extends FetchManifestOptions {
  /** The machine, with the network as the settings want it. */
  readonly runtime: Runtime;
  /** Whether releases without a signature may be installed. */
  readonly allowUnsigned: boolean;
  /** How the new executable is asked for its version. */
  readonly probe: ProbeOptions;
  /** How many previous versions stay. */
  readonly keepBackups: number;
}

/**
 * The options of every step.
 *
 * Keys come from the build alone; a setting can only switch them off, and only where the build allows that (T29).
 *
 * @param invocation The run.
 * @returns The options.
 * @throws {ConfigError} When a setting cannot be used.
 */
export async function updaterOptions(invocation: Invocation): Promise<UpdaterOptions> {
  const { build, terminal } = invocation.world;
  const settings = await invocation.settings();
  const { stateDirectory } = await invocation.paths();
  const hasKeys = build.keys.length > 0 || build.root !== undefined;
  const allowUnsigned = build.allowUnsigned && !(hasKeys && settings.get("updates.verify_signatures"));
  const { keys, threshold, root, minimumSequence } = build;
  return {
    app: APP,
    runtime: await networkRuntime(invocation, settings),
    signal: terminal.signal,
    githubToken: terminal.env("GITHUB_TOKEN") || terminal.env("GH_TOKEN") || undefined,
    stateDirectory,
    minimumSequence,
    allowUnsigned,
    probe: probeOf(build),
    keepBackups: settings.get("updates.keep_backups"),
    ...(allowUnsigned ? {} : root === undefined ? { keys, threshold } : { root }),
  };
}

/**
 * The options of the choice: what the settings say and what was asked for this time.
 *
 * A person at a terminal takes a release before its rollout and its minimum age; an unattended run does not.
 *
 * @param invocation The run.
 * @param settings The settings in force.
 * @returns The options.
 */
export function choiceOptions(
  invocation: Invocation,
  settings: Settings,
): Omit<CheckForUpdateOptions, keyof FetchManifestOptions> {
  const version = wantedVersion(invocation);
  return {
    currentVersion: invocation.world.build.version,
    channel: invocation.flag("channel") ?? settings.get("updates.channel"),
    version,
    allowDowngrade: invocation.has("allow-downgrade"),
    pin: version === undefined ? settings.get("updates.pin") : undefined,
    minimumAge: parseDuration(settings.get("updates.minimum_age")),
    manual: version !== undefined || invocation.world.terminal.isTerminal("stdin"),
  };
}

/** How a new `cco` is asked for its version: the exact answer of `cco --version`. */
function probeOf({ probeTimeout }: Build): ProbeOptions {
  const expect = (version: string) => `cco ${version}`;
  return probeTimeout === undefined ? { expect } : { expect, timeout: probeTimeout };
}

async function networkRuntime(invocation: Invocation, settings: Settings): Promise<Runtime> {
  const { runtime, terminal } = invocation.world;
  const proxy = settings.get("updates.proxy");
  const caFile = settings.get("updates.ca_file");
  if (proxy === undefined && caFile === undefined) return runtime;
  return { ...runtime, fetch: await terminal.fetchThrough({ proxy, caFile }) };
}
