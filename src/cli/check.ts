/**
 * The first half of `cco update`: is there a newer version for this machine?
 *
 * @module
 */

import type { CheckForUpdateOptions, Explanation, Manifest, Update } from "../../mod.ts";
import { changeState, type Finding } from "../config/state.ts";
import type { Invocation } from "./invocation.ts";
import { choiceOptions, type UpdaterOptions, updaterOptions } from "./updater_options.ts";

/** What a check found. */
export interface Found {
  /** The update, `undefined` when none is offered. */
  readonly update: Update | undefined;
  /** The version the channel points to. */
  readonly latest: string;
  /** The version that was asked for; the channel's where none was. */
  readonly wanted: string;
  /** The channel. */
  readonly channel: string;
  /** Why a newer version is not offered, when it is not. */
  readonly heldBack: string | undefined;
  /** Why the installed version was withdrawn, in its publisher's words; `undefined` when it was not. */
  readonly withdrawn: string | undefined;
  /** The options that the next steps take too. */
  readonly options: UpdaterOptions;
  /** What an ordinary check would find once a version is installed: what the next run is to be told of. */
  readonly after: (installed: string) => Promise<Finding | undefined>;
}

type Library = typeof import("../../checking.ts");
type Choosing = UpdaterOptions & CheckForUpdateOptions;

/**
 * Looks for a newer version and says what it finds, in the contract's lines. Remembers it, too.
 *
 * @param invocation The run.
 * @returns What was found.
 * @throws {Failure} Exit code 4 when the source cannot be used, 5 when nothing fits this machine.
 */
export async function check(invocation: Invocation): Promise<Found> {
  const { output } = invocation;
  const settings = await invocation.settings();
  const options = { ...await updaterOptions(invocation), ...choiceOptions(invocation, settings) };
  output.step("→ Checking for updates...");
  const library = await import("../../checking.ts");
  try {
    const manifest = await library.fetchManifest(settings.get("updates.sources"), options);
    output.detail(`manifest: ${manifest.source}, ${signers(manifest)}`);
    const explanation = await choose(invocation, library, manifest, options);
    await remember(invocation, explanation, options);
    const { update, latest: wanted } = explanation;
    return {
      update,
      latest: manifest.latest.get(options.channel!) ?? wanted,
      wanted,
      channel: options.channel!,
      heldBack: whyWait(library, explanation, options),
      withdrawn: manifest.versions.get(options.currentVersion)?.yanked,
      options,
      after: (installed) =>
        ordinaryFinding(invocation, library, manifest, { ...options, currentVersion: installed }),
    };
  } catch (error) {
    if (!library.isUpdateError(error)) throw error;
    const { updateFailure } = await import("./update_failure.ts");
    throw updateFailure(error, "check");
  }
}

/** Flags are for this time only. A new version is installed by then, so that nothing here may fail. */
async function ordinaryFinding(
  invocation: Invocation,
  library: Library,
  manifest: Manifest,
  options: Choosing,
): Promise<Finding | undefined> {
  const settings = await invocation.settings();
  const [channel, pin] = [settings.get("updates.channel"), settings.get("updates.pin")];
  const latest = manifest.latest.get(channel);
  if (latest === undefined) return undefined;
  const ordinary = { channel, pin, version: undefined, allowDowngrade: false };
  const manual = invocation.world.terminal.isTerminal("stdin");
  const update = await library.explainUpdate(manifest, { ...options, ...ordinary, manual })
    .then(({ update }) => update, () => undefined);
  return { latest, channel, current: options.currentVersion, offered: update?.version };
}

function signers({ trust }: Manifest): string {
  return trust.signed ? `signed by ${trust.keyIds.join(", ")}` : "not signed";
}

async function choose(
  { output }: Invocation,
  library: Library,
  manifest: Manifest,
  options: Choosing,
): Promise<Explanation> {
  output.step(`→ Current version: ${options.currentVersion}`);
  const head = manifest.latest.get(options.channel!);
  if (head !== undefined) output.step(`→ Latest version: ${head}`);
  const explanation = await library.explainUpdate(manifest, options);
  for (const { rule, version, passed, reason } of explanation.verdicts) {
    output.detail(`${passed ? "yes" : "no"}: ${rule}: ${version}: ${reason}`);
  }
  const { update } = explanation;
  if (options.manual && options.version === undefined && update !== undefined) {
    // A person who asks gets a release before its turn, and is told so.
    const { verdicts } = await library.explainUpdate(manifest, { ...options, manual: false });
    const waits = verdicts.find(({ passed, version }) => !passed && version === update.version);
    if (waits !== undefined) output.step(`ℹ️  Offered early because you asked: ${waits.reason}`);
  }
  return explanation;
}

/** The rule that keeps a newer version from this machine, `undefined` when there simply is none. */
function whyWait(
  { compareVersions }: Library,
  { update, verdicts, latest }: Explanation,
  { currentVersion }: Choosing,
): string | undefined {
  if (update !== undefined || compareVersions(latest, currentVersion) <= 0) return undefined;
  return verdicts.find(({ passed }) => !passed)?.reason;
}

/** What was asked for this time only is not what the next run is to be told of. */
async function remember(
  invocation: Invocation,
  { update, latest }: Explanation,
  { channel, version, currentVersion, runtime }: Choosing,
): Promise<void> {
  const { output } = invocation;
  const isOrdinary = version === undefined && !invocation.has("channel");
  const found = { latest, channel: channel!, current: currentVersion, offered: update?.version };
  const { stateDirectory } = await invocation.paths();
  const outcome = await changeState(runtime, stateDirectory, {
    lastCheck: runtime.now(),
    ...(isOrdinary ? { found } : {}),
  });
  if (outcome === "mended") output.note(`⚠️  The state in ${stateDirectory} was damaged; it was put aside`);
  if (outcome === "failed") output.detail(`the state in ${stateDirectory} cannot be written`);
}
