/**
 * `cco explain`: why an update is, or is not, offered to this machine.
 *
 * @module
 */

import type {
  CheckForUpdateOptions,
  Explanation,
  Manifest,
  Update,
  UpdateError,
  Verdict,
} from "../../mod.ts";
import type { Settings } from "../config/load_settings.ts";
import { parseWindow, windowContains } from "../config/window.ts";
import { EXIT } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { asIf, parseSuppositions } from "./suppositions.ts";
import { updateFailure } from "./update_failure.ts";
import { choiceOptions, updaterOptions } from "./updater_options.ts";

type Library = typeof import("../../mod.ts");

/**
 * Shows every rule of the choice with its verdict, for this machine or for the one that `--as-if` describes. Nothing is
 * remembered and nothing is installed. What is shown is what an unattended run is offered, and what a person at a
 * terminal is, where that differs.
 *
 * @param invocation The run.
 * @returns The exit code.
 * @throws {Failure} Exit code 2 when `--as-if` cannot be read, 4 when the source cannot be used.
 */
export async function explain(invocation: Invocation): Promise<number> {
  const supposed = await parseSuppositions(invocation.flag("as-if"));
  const library = await import("../../mod.ts");
  const settings = await invocation.settings();
  const options = {
    ...await updaterOptions(invocation),
    ...choiceOptions(invocation, settings),
    manual: false,
  };
  const choosing = { ...options, ...asIf(supposed, options.runtime) };
  try {
    const manifest = await library.fetchManifest(settings.get("updates.sources"), options);
    const explanation = await explanationOf(library, manifest, choosing);
    const { update } = await explanationOf(library, manifest, { ...choosing, manual: true });
    const early = update?.version === explanation.update?.version ? undefined : update?.version;
    show(invocation, manifest, { ...explanation, early, window: windowNow(invocation, settings) }, choosing);
    return EXIT.ok;
  } catch (error) {
    throw library.isUpdateError(error) ? updateFailure(error, "check") : error;
  }
}

/** The updater ends at a platform without a file; with another platform it tells what the other rules say. */
async function explanationOf(
  library: Library,
  manifest: Manifest,
  options: CheckForUpdateOptions,
): Promise<Explanation> {
  try {
    return await library.explainUpdate(manifest, options);
  } catch (error) {
    if (!library.isUpdateError(error) || error.code !== "ASSET_MISSING") throw error;
    const { available: [target], version } = error.details;
    if (target === undefined) throw error;
    const { verdicts, latest } = await library.explainUpdate(manifest, { ...options, target });
    const rest = verdicts.filter(({ rule }) => rule !== "platform");
    return { verdicts: [...rest, noFile(version, error)], latest, update: undefined };
  }
}

function noFile(version: string, { message }: UpdateError): Verdict {
  return {
    rule: "platform",
    version,
    passed: false,
    reason: message.replace(/^No release asset found for platform /, "it has no file for "),
  };
}

/** When automatic installs may happen: no rule of the choice, and still why nothing is installed. */
function windowNow(
  { world: { runtime } }: Invocation,
  settings: Settings,
): { text: string; open: boolean; used: boolean } | undefined {
  const text = settings.get("updates.window");
  const window = text === undefined ? undefined : parseWindow(text);
  if (text === undefined || window === undefined) return undefined;
  return { text, open: windowContains(window, runtime.now()), used: settings.get("updates.auto_install") };
}

/** What is shown besides the verdicts. */
interface Shown extends Explanation {
  /** What a person at a terminal is offered, where that is another version. */
  readonly early: string | undefined;
  /** The maintenance window of the settings. */
  readonly window: ReturnType<typeof windowNow>;
}

function show(
  { output, world: { runtime } }: Invocation,
  { source, trust }: Manifest,
  { verdicts, latest, update, early, window }: Shown,
  { currentVersion, channel, target }: CheckForUpdateOptions,
): void {
  const machine = target ?? `${runtime.os}-${runtime.arch}`;
  output.line(
    `Manifest: ${source} (${trust.signed ? `signed by ${trust.keyIds.join(", ")}` : "not signed"})`,
  );
  output.line(`Installed: ${currentVersion} on ${machine}, channel ${channel}`);
  output.line();
  for (const { rule, version, passed, reason } of verdicts) {
    output.line(`  ${passed ? "✓" : "✗"} ${rule} (${version}): ${reason}`);
  }
  if (window !== undefined) output.line(windowLine(window));
  output.line();
  output.line(update === undefined ? "Nothing is offered" : `Offered: v${update.version}${because(update)}`);
  if (early !== undefined) output.line(`Offered to a person who runs 'cco update' at a terminal: v${early}`);
  output.document({
    source,
    signed: trust.signed,
    current: currentVersion,
    channel,
    target: target ?? null,
    latest,
    verdicts,
    offered: update?.version ?? null,
    reason: update?.reason ?? null,
    offeredToPerson: early ?? update?.version ?? null,
    window: window === undefined ? null : { text: window.text, open: window.open, used: window.used },
  });
}

function windowLine({ text, open, used }: NonNullable<Shown["window"]>): string {
  if (!used) return `  • window: ${text}: it has no effect while updates.auto_install is false`;
  return `  • window: ${text}: automatic installs ${open ? "may happen now" : "wait for it"}`;
}

function because({ reason, latest }: Update): string {
  const words: { readonly [R in Update["reason"]]?: string } = {
    "stepping-stone": `, on the way to v${latest}`,
    yanked: ", because the installed version was withdrawn",
    fallback: ", until the rollout reaches this machine",
    requested: ", because it was asked for",
  };
  return words[reason] ?? "";
}
