import type { ManifestDocument, ReleaseDocument } from "../manifest_schema.ts";
import { currentShare } from "../rollout.ts";
import { compareVersions } from "../version.ts";
import {
  changeManifest,
  type Edited,
  type Publication,
  type PublishOptions,
  toTime,
} from "./change_manifest.ts";
import { readManifest } from "./release_folder.ts";

/** What becomes of a rollout. */
export type RolloutStep =
  | {
    /** Percent of the installations that are offered the version at once. */
    readonly percent: number;
    /** Over what time that grows evenly to all of them, such as `72h`; without it, it stays. */
    readonly duration?: string | undefined;
    /** The version for the others. */
    readonly fallback?: string | undefined;
  }
  | "pause"
  | "resume"
  | "finish";

/** Options of {@link rollout}. */
export interface RolloutOptions extends PublishOptions {
  /** The version. */
  readonly version: string;
  /** What becomes of its rollout. */
  readonly step: RolloutStep;
}

const DURATION = /^(?:\d+[smhdw])+$/;

type RolloutDocument = NonNullable<ReleaseDocument["rollout"]>;

/**
 * Starts, pauses, resumes or finishes the rollout of a version.
 *
 * A pause keeps the share that was reached and the time that remains, so that resuming goes on from there.
 *
 * @param folder The release folder's absolute path.
 * @param options The version and the step, and how it is published.
 * @returns What changed.
 * @throws {RangeError} When there is no such version, it was yanked, there is nothing to pause, resume or finish, or
 *   percentage, duration or fallback cannot be.
 * @throws {UpdateError} When a client would refuse the result.
 */
export async function rollout(folder: string, options: RolloutOptions): Promise<Publication> {
  return await changeManifest(folder, options, (document, now) => withRollout(document, options, now));
}

/** The edit of {@link rollout}. `now` is when it happens, in milliseconds since the epoch. */
export function withRollout(
  document: ManifestDocument,
  { version, step }: Pick<RolloutOptions, "version" | "step">,
  now: number,
): Edited {
  const release = document.versions[version];
  if (!release) throw new RangeError(`Cannot roll out ${version}: the manifest does not have it`);
  if (release.yanked && (typeof step === "object" || step === "resume")) {
    throw new RangeError(`Cannot roll out ${version}: it was yanked (${release.yanked})`);
  }
  const { rollout: before, ...rest } = release;
  if (typeof step === "object") refuseStep(document, version, step);
  const after = typeof step === "object" ? started(step, now) : changed(document, version, step, now);
  const next = after === undefined ? rest : { ...rest, rollout: after };
  const versions = { ...document.versions, [version]: next };
  const change = `${version}: rollout ${shown(before)} → ${shown(after)}`;
  return { document: { ...document, versions }, changes: [change] };
}

function refuseStep(
  document: ManifestDocument,
  version: string,
  { percent, duration, fallback }: Extract<RolloutStep, object>,
): void {
  const refuse = (why: string) => new RangeError(`Cannot roll out ${version}: ${why}`);
  if (!(percent >= 0 && percent <= 100)) throw refuse(`${percent} percent is not from 0 to 100`);
  if (duration !== undefined && !DURATION.test(duration)) {
    throw refuse(`the duration ${JSON.stringify(duration)} is no length of time such as 72h`);
  }
  if (fallback === undefined) return;
  const other = document.versions[fallback];
  if (!other) throw refuse(`the manifest does not have the fallback ${fallback}`);
  if (other.yanked) throw refuse(`the fallback ${fallback} was yanked (${other.yanked})`);
  if (compareVersions(fallback, version) >= 0) throw refuse(`the fallback ${fallback} is not older`);
}

function started(step: Extract<RolloutStep, object>, now: number): RolloutDocument {
  const { percent, duration, fallback } = step;
  return {
    percent,
    start: toTime(now),
    ...duration === undefined ? {} : { duration },
    ...fallback === undefined ? {} : { fallback },
  };
}

function changed(
  document: ManifestDocument,
  version: string,
  step: "pause" | "resume" | "finish",
  now: number,
): RolloutDocument | undefined {
  const rollout = document.versions[version]?.rollout;
  if (!rollout) throw new RangeError(`Cannot ${step} the rollout of ${version}: there is none`);
  if (step === "finish") return undefined;
  if ((rollout.paused ?? false) === (step === "pause")) {
    const why = step === "pause" ? "it is paused already" : "it is not paused";
    throw new RangeError(`Cannot ${step} the rollout of ${version}: ${why}`);
  }
  return step === "pause" ? paused(document, version, rollout, now) : resumed(rollout, now);
}

function paused(
  document: ManifestDocument,
  version: string,
  rollout: RolloutDocument,
  now: number,
): RolloutDocument {
  const parsed = readManifest(document, version).versions.get(version)?.rollout;
  if (!parsed) return rollout;
  const percent = Math.round(100 * currentShare(parsed, now)) / 100;
  const { start: _start, duration: _duration, ...rest } = rollout;
  const end = (parsed.start ?? now) + (parsed.duration ?? 0);
  const remaining = Math.ceil(Math.max(0, end - now) / 1000);
  const duration = rollout.duration === undefined ? {} : { duration: `${remaining}s` };
  return { ...rest, percent, ...duration, paused: true };
}

function resumed({ paused: _paused, ...rollout }: RolloutDocument, now: number): RolloutDocument {
  return { ...rollout, start: toTime(now) };
}

function shown(rollout: ReleaseDocument["rollout"]): string {
  if (!rollout) return "to everybody";
  const growth = rollout.duration === undefined ? "" : ` growing over ${inWords(rollout.duration)}`;
  return `${rollout.paused ? "paused at " : ""}${rollout.percent} %${growth}`;
}

/** What a pause has left is a number of seconds, which tells people nothing: `259199s` is `2d 23h 59m 59s`. */
function inWords(duration: string): string {
  const [, seconds] = /^(\d+)s$/.exec(duration) ?? [];
  if (seconds === undefined) return duration;
  const units: [name: string, seconds: number][] = [["d", 86_400], ["h", 3600], ["m", 60], ["s", 1]];
  let left = Number(seconds);
  const words = units.flatMap(([name, size]) => {
    const count = Math.floor(left / size);
    left -= count * size;
    return count > 0 ? [`${count}${name}`] : [];
  });
  return words.join(" ") || duration;
}
