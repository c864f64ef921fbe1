/**
 * Which version an installation is offered, rule by rule. Pure: everything it needs is handed in.
 *
 * @module
 */

import { UpdateError } from "./errors.ts";
import type { Asset, Manifest, Release } from "./manifest.ts";
import { rolledOut, steppingStone } from "./choose_detour.ts";
import { isAllowed, isNotYanked, withdrawn } from "./choose_rules.ts";
import { canonicalTarget, runnableTargets } from "./target.ts";
import { compareVersions, prereleaseTag } from "./version.ts";

/** The installation for which a version is chosen, and what its user wants. */
export interface Situation {
  /** The installed version. */
  readonly currentVersion: string;
  /** The canonical target of the machine. */
  readonly target: string;
  /** Operating system and processor in the system's words, for messages. */
  readonly machine: { readonly os: string; readonly arch: string };
  /** The operating system's version, where known. */
  readonly osVersion: string | undefined;
  /** The channel to follow. */
  readonly channel: string;
  /** Exactly this version instead of the channel's. */
  readonly version: string | undefined;
  /** Whether an older version than the installed one is welcome. */
  readonly allowDowngrade: boolean;
  /** A version range to stay within. */
  readonly pin: string | undefined;
  /** How old a release must be, in milliseconds. */
  readonly minimumAge: number;
  /** Whether a person asked: rollout and minimum age do not apply then. */
  readonly manual: boolean;
  /** What tells this installation from others, for fair rollouts. */
  readonly installationId: string | undefined;
  /** Versions that failed here before and are not offered again. */
  readonly refused: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What one rule said. */
export interface Verdict {
  /** The rule's name. */
  readonly rule:
    | "channel"
    | "yanked"
    | "refused"
    | "pin"
    | "minimum-age"
    | "minimum-os"
    | "minimum-version"
    | "rollout"
    | "newer"
    | "platform";
  /** The version it was asked about. */
  readonly version: string;
  /** Whether the version may be offered as far as this rule goes. */
  readonly passed: boolean;
  /** Why, in one sentence. */
  readonly reason: string;
}

/** The version that is offered, with its file and why it is this one. */
export interface Choice {
  /** The version. */
  readonly release: Release;
  /** Its file for this machine. */
  readonly asset: Asset;
  /** The platform of that file. */
  readonly target: string;
  /** Why this version and not another. */
  readonly reason: "newer" | "stepping-stone" | "fallback" | "yanked" | "requested";
}

/**
 * Chooses the version an installation is offered.
 *
 * @param manifest The verified manifest.
 * @param situation The installation and what its user wants.
 * @returns What each rule said, and the choice, or `undefined` when nothing is offered.
 * @throws {UpdateError} `CHANNEL_MISSING`, `VERSION_MISSING`, `DOWNGRADE`, `ASSET_MISSING`.
 * @throws {TypeError} When the pin or the installed version cannot be read.
 */
export async function choose(
  manifest: Manifest,
  situation: Situation,
): Promise<{ verdicts: Verdict[]; latest: string; choice: Choice | undefined }> {
  const verdicts: Verdict[] = [];
  const say = (rule: Verdict["rule"], version: string, passed: boolean, reason: string): boolean => {
    verdicts.push({ rule, version, passed, reason });
    return passed;
  };
  const head = channelHead(manifest, situation);
  const latest = head.version;
  say("channel", latest, true, headReason(situation, latest));

  const wanted = situation.version === undefined
    ? await firstAllowed(manifest, head, situation, say)
    : requested(head, situation, say);
  if (wanted === undefined) return { verdicts, latest, choice: undefined };

  const stepped = steppingStone(manifest, wanted, situation, say);
  if (stepped === undefined) return { verdicts, latest, choice: undefined };
  const rolled = await rolledOut(manifest, stepped, situation, say);
  if (rolled === undefined || !isNewer(manifest, rolled, situation, say)) {
    return { verdicts, latest, choice: undefined };
  }
  const { asset, target } = assetFor(rolled, situation, say);
  const reason = chosenBecause({ wanted, stepped, rolled }, manifest, situation);
  return { verdicts, latest, choice: { release: rolled, asset, target, reason } };
}

/** Keeps what a rule says, and passes its verdict on. */
export type Say = (rule: Verdict["rule"], version: string, passed: boolean, reason: string) => boolean;

function channelHead(manifest: Manifest, { channel, version }: Situation): Release {
  if (version !== undefined) {
    const release = manifest.versions.get(version);
    if (release !== undefined) return release;
    const available = [...manifest.versions.keys()].sort(compareVersions).reverse();
    throw new UpdateError(
      "VERSION_MISSING",
      `No version ${version} in ${manifest.source}; it has ${available.slice(0, 10).join(", ") || "none"}`,
      { version, available },
    );
  }
  const name = manifest.latest.get(channel);
  const release = name === undefined ? undefined : manifest.versions.get(name);
  if (release !== undefined) return release;
  const available = [...manifest.latest.keys()];
  const why = name === undefined
    ? `has no channel ${channel}, only ${available.join(", ") || "none"}`
    : `points channel ${channel} to version ${name}, which it does not describe`;
  throw new UpdateError("CHANNEL_MISSING", `Cannot choose a version: ${manifest.source} ${why}`, {
    channel,
    available,
  });
}

function headReason({ channel, version }: Situation, latest: string): string {
  return version === undefined
    ? `channel ${channel} points to version ${latest}`
    : `version ${latest} was asked for`;
}

/** A person who names a version has the last word, except over yanked ones and unasked downgrades. */
function requested(release: Release, situation: Situation, say: Say): Release | undefined {
  if (!isNotYanked(release, say)) return undefined;
  const { currentVersion: from, allowDowngrade } = situation;
  const to = release.version;
  if (compareVersions(to, from) < 0 && !allowDowngrade) {
    throw new UpdateError(
      "DOWNGRADE",
      `Version ${to} is older than the installed ${from}; allow the downgrade explicitly to install it`,
      { from, to },
    );
  }
  return release;
}

/**
 * The head of the channel, or the newest version below it that the rules allow. Nothing says which of those were ever
 * meant for the channel: below a head that failed here there is no way up, for nobody has withdrawn it.
 */
async function firstAllowed(
  manifest: Manifest,
  head: Release,
  situation: Situation,
  say: Say,
): Promise<Release | undefined> {
  for (const release of descending(manifest, head)) {
    // Below the installed version there is nothing to offer, except when that one was withdrawn.
    const isOlder = compareVersions(release.version, situation.currentVersion) <= 0;
    if (release !== head && !isOlder && isStuck(head, release, situation, say)) continue;
    if (release !== head && isOlder && withdrawn(manifest, situation) === undefined) return undefined;
    if (await isAllowed(release, situation, say)) return release;
  }
  return undefined;
}

function isStuck(head: Release, { version }: Release, { refused, channel }: Situation, say: Say): boolean {
  if (!refused.includes(head.version) || head.yanked !== undefined) return false;
  const reason =
    `channel ${channel} points to version ${head.version}, which failed on this machine, not to this one`;
  return !say("channel", version, false, reason);
}

/** Versions from the head downwards; of the prereleases only those of the head's own kind. */
function* descending(manifest: Manifest, head: Release): Generator<Release> {
  // As a rule the head is the one, and the others need not be compared.
  yield head;
  const kind = prereleaseTag(head.version);
  const below = [...manifest.versions.values()].filter(({ version }) => {
    const tag = prereleaseTag(version);
    return compareVersions(version, head.version) < 0 && (tag === undefined || tag === kind);
  });
  yield* below.sort((a, b) => compareVersions(b.version, a.version));
}

function isNewer(manifest: Manifest, { version }: Release, situation: Situation, say: Say): boolean {
  const { currentVersion, allowDowngrade } = situation;
  const order = compareVersions(version, currentVersion);
  if (order > 0) return say("newer", version, true, `it is newer than the installed ${currentVersion}`);
  if (order === 0) return say("newer", version, false, "it is the installed version");
  const reason = withdrawn(manifest, situation);
  if (reason !== undefined) {
    return say("newer", version, true, `the installed ${currentVersion} was withdrawn: ${reason}`);
  }
  if (allowDowngrade) return say("newer", version, true, "going back to it was asked for");
  return say("newer", version, false, `it is older than the installed ${currentVersion}`);
}

function assetFor(release: Release, situation: Situation, say: Say): { asset: Asset; target: string } {
  for (const target of runnableTargets(canonicalTarget(situation.target))) {
    const asset = release.assets.get(target);
    if (asset === undefined) continue;
    say("platform", release.version, true, `it has a file for ${target}`);
    return { asset, target };
  }
  const { os, arch } = situation.machine;
  const available = [...release.assets.keys()];
  throw new UpdateError(
    "ASSET_MISSING",
    `No release asset found for platform ${situation.target} (${os}, ${arch}): version ${release.version} has ` +
      `${available.join(", ") || "no files that this program understands"}`,
    { target: situation.target, os, arch, version: release.version, available },
  );
}

function chosenBecause(
  { wanted, stepped, rolled }: { wanted: Release; stepped: Release; rolled: Release },
  manifest: Manifest,
  situation: Situation,
): Choice["reason"] {
  if (rolled !== stepped) return "fallback";
  if (stepped !== wanted) return "stepping-stone";
  if (situation.version !== undefined) return "requested";
  return withdrawn(manifest, situation) === undefined ? "newer" : "yanked";
}
