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
import { EXIT, Failure } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { updateFailure } from "./update_failure.ts";
import { choiceOptions, updaterOptions } from "./updater_options.ts";

/** What can be supposed of another machine. */
const SUPPOSITIONS = ["version", "platform", "id", "channel"] as const;
type Supposed = { readonly [K in typeof SUPPOSITIONS[number]]?: string };
type Library = typeof import("../../mod.ts");

/**
 * Shows every rule of the choice with its verdict, for this machine or for the one that `--as-if` describes. Nothing is
 * remembered and nothing is installed. What is shown is what an unattended run is offered.
 *
 * @param invocation The run.
 * @returns The exit code.
 * @throws {Failure} Exit code 2 when `--as-if` cannot be read, 4 when the source cannot be used.
 */
export async function explain(invocation: Invocation): Promise<number> {
  const supposed = parseSuppositions(invocation.flag("as-if"));
  const library = await import("../../mod.ts");
  const settings = await invocation.settings();
  const options = {
    ...await updaterOptions(invocation),
    ...choiceOptions(invocation, settings),
    ...asIf(supposed, library),
    manual: false,
  };
  try {
    const manifest = await library.fetchManifest(settings.get("updates.sources"), options);
    show(invocation, manifest, await explanationOf(library, manifest, options), options);
    return EXIT.ok;
  } catch (error) {
    throw library.isUpdateError(error) ? updateFailure(error, "check") : error;
  }
}

function parseSuppositions(text: string | undefined): Supposed {
  const entries = (text ?? "").split(",").filter((part) => part !== "").map((part) => part.split("=", 2));
  for (const [name, value] of entries) {
    const isKnown = SUPPOSITIONS.some((supposition) => supposition === name);
    if (!isKnown || !value) {
      throw usage(`Cannot suppose ${name}: use --as-if version=…,platform=…,id=…,channel=…`);
    }
  }
  return Object.fromEntries(entries);
}

function asIf(
  { version, platform, id, channel }: Supposed,
  { isVersion }: Library,
): Partial<CheckForUpdateOptions> {
  if (version !== undefined && !isVersion(version)) {
    throw usage(`Cannot suppose version ${version}: it is not SemVer`);
  }
  return {
    ...(version === undefined ? {} : { currentVersion: version }),
    ...(platform === undefined ? {} : { target: platform }),
    ...(id === undefined ? {} : { installationId: id }),
    ...(channel === undefined ? {} : { channel }),
  };
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

function show(
  { output, world: { runtime } }: Invocation,
  { source, trust }: Manifest,
  { verdicts, latest, update }: Explanation,
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
  output.line();
  output.line(update === undefined ? "Nothing is offered" : `Offered: v${update.version}${because(update)}`);
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
  });
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

function usage(message: string): Failure {
  return new Failure(message, { exitCode: EXIT.usage, code: "USAGE" });
}
