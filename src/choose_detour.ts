/**
 * Detours on the way to a version: stepping stones for old installations, fallbacks of a rollout.
 *
 * @module
 */

import type { Say, Situation } from "./choose.ts";
import { isAllowed, isNotRefused, isNotYanked, runsOnSystem } from "./choose_rules.ts";
import type { Manifest, Release } from "./manifest.ts";
import { bucketOf, currentShare } from "./rollout.ts";
import { compareVersions } from "./version.ts";

/**
 * Follows `minimum_version` down to a version that the installed one may go to directly.
 *
 * @param manifest The verified manifest.
 * @param release The version that is wanted in the end.
 * @param situation The installation and what its user wants.
 * @param say Keeps what each rule says.
 * @returns The version to go to, `release` itself where no other is needed; `undefined` when there is no way.
 */
export function steppingStone(
  manifest: Manifest,
  release: Release,
  situation: Situation,
  say: Say,
): Release | undefined {
  let stone = release;
  while (
    stone.minimumVersion !== undefined &&
    compareVersions(situation.currentVersion, stone.minimumVersion) < 0
  ) {
    const next = manifest.versions.get(stone.minimumVersion);
    const through = `an installation older than ${stone.minimumVersion} goes through that version first`;
    // A stone at or above the version it leads to would never end.
    if (next === undefined || compareVersions(next.version, stone.version) >= 0) {
      say("minimum-version", stone.version, false, `${through}, but the manifest does not offer it`);
      return undefined;
    }
    say("minimum-version", stone.version, true, through);
    stone = next;
  }
  if (stone === release) return release;
  return isNotYanked(stone, say) && isNotRefused(stone, situation, say) && runsOnSystem(stone, situation, say)
    ? stone
    : undefined;
}

/**
 * Asks the rollout of a version, and turns to its fallback where this installation is not among the chosen ones.
 *
 * @param manifest The verified manifest.
 * @param release The version that is wanted.
 * @param situation The installation and what its user wants.
 * @param say Keeps what each rule says.
 * @returns The version to go to; `undefined` when the rollout offers nothing here.
 */
export async function rolledOut(
  manifest: Manifest,
  release: Release,
  situation: Situation,
  say: Say,
): Promise<Release | undefined> {
  const { rollout, version, critical } = release;
  if (rollout === undefined) return release;
  // Whoever names a version has asked for it.
  const isAskedFor = situation.manual || situation.version !== undefined;
  if (isAskedFor || critical) {
    say("rollout", version, true, isAskedFor ? "a person asked" : "it is critical");
    return release;
  }
  const share = currentShare(rollout, situation.now);
  const bucket = await bucketOf(situation.installationId, version);
  const where = rollout.paused
    ? "the rollout is paused"
    : `it is offered to ${share.toFixed(2)} % of the installations, this one is at ${bucket.toFixed(2)} %`;
  if (say("rollout", version, bucket < share, where)) return release;
  const fallback = rollout.fallback === undefined ? undefined : manifest.versions.get(rollout.fallback);
  if (fallback === undefined || !await isAllowed(fallback, situation, say)) return undefined;
  return steppingStone(manifest, fallback, situation, say);
}
