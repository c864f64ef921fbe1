/**
 * The rules that a release must pass, whatever channel it is in.
 *
 * @module
 */

import type { Say, Situation } from "./choose.ts";
import type { Manifest, Release } from "./manifest.ts";
import { inRange } from "./version.ts";

/**
 * Asks all of these rules, also after one has said no: whoever asks why wants to know of every reason.
 *
 * @param release The release in question.
 * @param situation The installation and what its user wants.
 * @param say Keeps what each rule says.
 * @returns Whether all of them passed.
 */
export async function isAllowed(
  release: Release,
  situation: Situation,
  say: Say,
): Promise<boolean> {
  const answers = [
    isNotYanked(release, say),
    isNotRefused(release, situation, say),
    await isInPin(release, situation, say),
    isOldEnough(release, situation, say),
    runsOnSystem(release, situation, say),
  ];
  return !answers.includes(false);
}

/** Why the installed version was withdrawn, if it was. */
export function withdrawn(manifest: Manifest, { currentVersion }: Situation): string | undefined {
  return manifest.versions.get(currentVersion)?.yanked;
}

/** A withdrawn release is offered to nobody. */
export function isNotYanked({ version, yanked }: Release, say: Say): boolean {
  return yanked === undefined || say("yanked", version, false, `it was withdrawn: ${yanked}`);
}

/** A release that failed here before is not tried again. */
export function isNotRefused({ version }: Release, { refused }: Situation, say: Say): boolean {
  return !refused.includes(version) || say("refused", version, false, "it failed on this machine before");
}

async function isInPin({ version }: Release, { pin }: Situation, say: Say): Promise<boolean> {
  if (pin === undefined) return true;
  const inside = await inRange(version, pin);
  return say("pin", version, inside, `it is ${inside ? "inside" : "outside"} the pinned range ${pin}`);
}

function isOldEnough({ version, date, critical }: Release, situation: Situation, say: Say): boolean {
  const { minimumAge, manual, now } = situation;
  if (minimumAge === 0) return true;
  if (manual || critical) {
    return say("minimum-age", version, true, manual ? "a person asked" : "it is critical");
  }
  if (date === undefined) return say("minimum-age", version, false, "the manifest does not say when it came");
  const passed = now - date >= minimumAge;
  return say("minimum-age", version, passed, `it is ${passed ? "" : "not yet "}old enough`);
}

/** A release that needs a newer system than this one would not start. */
export function runsOnSystem({ version, minimumOs }: Release, situation: Situation, say: Say): boolean {
  const needed = minimumOs.get(situation.machine.os);
  if (needed === undefined || situation.osVersion === undefined) return true;
  const passed = compareDotted(situation.osVersion, needed) >= 0;
  return say("minimum-os", version, passed, `it needs ${needed}, this system is ${situation.osVersion}`);
}

/** System versions are not SemVer: `12.0` and `10.0.19045` compare number by number. */
function compareDotted(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split(".").map((part) => Number.parseInt(part, 10) || 0));
  for (let i = 0; i < Math.max(left!.length, right!.length); i++) {
    const difference = (left![i] ?? 0) - (right![i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
