import { type Runtime, systemRuntime } from "../../machine.ts";
import { fromUtf8 } from "../bytes.ts";
import { isUpdateError } from "../errors.ts";
import type { Manifest, Release } from "../manifest.ts";
import { nameOf } from "../path.ts";
import { canonicalTarget } from "../target.ts";
import { compareVersions } from "../version.ts";
import { lintAddresses } from "./lint_addresses.ts";
import { decideAsClient, readManifest, readReleaseFolder, type ReleaseFolder } from "./release_folder.ts";
import { leavesRoom } from "./signed_anew.ts";
import { lintUsable } from "./usable_address.ts";

/** Options of {@link lint}. */
export interface LintOptions {
  /** What is served now: the text of the manifest before this one, to see whether a channel goes back. */
  readonly previous?: string | undefined;
  /** Asks every address whether its file is there (`HEAD`) and has the right size. */
  readonly online?: boolean | undefined;
  /** Where the manifest is served: addresses that are relative to it can be asked then. */
  readonly address?: string | undefined;
  /** The machine; this one unless given. */
  readonly runtime?: Runtime | undefined;
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
}

/** Something a client would refuse (`error`) or a person would regret (`warning`). */
export interface Finding {
  /** How bad it is. */
  readonly level: "error" | "warning";
  /** Where in the manifest, or which file. */
  readonly where: string;
  /** What is wrong. */
  readonly message: string;
}

const DAY = 24 * 60 * 60 * 1000;
/** So much of its validity must be left, or a missed weekly refresh stops clients. */
const QUARTER = 0.25;
/** Whatever the validity: two weekly refreshes may fail. */
const NOTICE = 14 * DAY;
/** A rotation of offline keys takes people some days. */
const ROOT_NOTICE = 60 * DAY;

/**
 * Looks for everything in a release folder that a client would refuse or a person would regret.
 *
 * @param folder The release folder's absolute path.
 * @param options What to compare with, and whether to ask the addresses.
 * @returns What was found; nothing when all is well.
 * @throws {TypeError} When it is no release folder.
 * @throws {UpdateError} `MANIFEST_INVALID` when the manifest cannot be read at all.
 */
export async function lint(folder: string, options: LintOptions = {}): Promise<Finding[]> {
  const runtime = options.runtime ?? systemRuntime();
  const release = await readReleaseFolder(runtime, folder);
  const manifest = readManifest(release.document, folder);
  const now = runtime.now();
  return [
    ...await lintTrust(release, now),
    ...lintSequence(manifest),
    ...lintExpiry(manifest, release, now),
    ...lintChannels(manifest),
    ...lintVersions(manifest, release.app),
    ...lintUsable(release.document),
    ...options.previous === undefined ? [] : lintPrevious(manifest, options.previous),
    ...options.online
      ? await lintAddresses(readManifest(release.document, folder, options.address), runtime, options.signal)
      : [],
  ];
}

async function lintTrust(release: ReleaseFolder, now: number): Promise<Finding[]> {
  try {
    await decideAsClient(release, now);
    return [];
  } catch (cause) {
    if (!isUpdateError(cause)) throw cause;
    // Whoever reads this is the publisher.
    return [
      error("signature", cause.message.replaceAll(/; (?:nothing was installed, )?tell its publisher/g, "")),
    ];
  }
}

/** T4: a thief of the key ends updates by the highest number, for every client that sees it. */
function lintSequence({ sequence }: Manifest): Finding[] {
  if (leavesRoom(sequence)) return [];
  const message =
    `${sequence} leaves no room for later manifests; restore the last good one, then rotate the key`;
  return [error("sequence", message)];
}

function lintExpiry({ issued, expires }: Manifest, { roots }: ReleaseFolder, now: number): Finding[] {
  const findings: Finding[] = [];
  const notice = issued === undefined || expires === undefined ? 0 : QUARTER * (expires - issued);
  if (expires !== undefined && expires - now < Math.max(NOTICE, notice)) {
    findings.push(warning("expires", `the manifest has ${days(expires - now)} left; refresh it`));
  }
  const root = JSON.parse(fromUtf8(roots.at(-1)!.bytes));
  const left = Date.parse(root.expires) - now;
  if (left < ROOT_NOTICE) {
    findings.push(warning(`${roots.length}.root.json`, `the newest root has ${days(left)} left; rotate`));
  }
  return findings;
}

function lintChannels({ latest, versions }: Manifest): Finding[] {
  return [...latest].flatMap(([channel, version]) => {
    const release = versions.get(version);
    if (!release) return [error(`latest.${channel}`, `there is no version ${version}`)];
    if (release.yanked !== undefined) return [error(`latest.${channel}`, `${version} was yanked`)];
    return release.assets.size > 0 ? [] : [error(`latest.${channel}`, `${version} has no files`)];
  });
}

function lintVersions(manifest: Manifest, app: string): Finding[] {
  const { versions } = manifest;
  const findings = [...versions.values()].flatMap((release) => [
    ...lintRelease(release, manifest),
    ...[...release.assets].flatMap(([platform, asset]) => {
      const where = `versions.${release.version}.${platform}`;
      const name = nameOf(new URL(asset.urls[0]!).pathname);
      return [
        ...isUsualName(name, app, release.version, platform)
          ? []
          : [warning(where, `${name} is no usual name`)],
        ...asset.size === undefined ? [warning(where, "it has no size")] : [],
        ...asset.binary === undefined ? [warning(where, "it has no digest of the executable")] : [],
      ];
    }),
  ]);
  return [...findings, ...lintPlatforms(versions)];
}

function lintRelease(release: Release, { versions }: Manifest): Finding[] {
  const where = `versions.${release.version}`;
  const named = [
    ["minimum_version", release.minimumVersion],
    ["rollout.fallback", release.rollout?.fallback],
  ] as const;
  return named.flatMap(([field, version]) => {
    if (version === undefined) return [];
    if (!versions.has(version)) return [error(`${where}.${field}`, `there is no version ${version}`)];
    if (compareVersions(version, release.version) < 0) return [];
    return [error(`${where}.${field}`, `${version} is not older than ${release.version}`)];
  });
}

/** A platform that the version before had is missed by the people who use it. */
function lintPlatforms(versions: Manifest["versions"]): Finding[] {
  const ordered = [...versions.values()].sort((a, b) => compareVersions(a.version, b.version));
  return ordered.slice(1).flatMap((release, index) => {
    const missing = [...ordered[index]!.assets.keys()].filter((platform) => !release.assets.has(platform));
    const before = ordered[index]!.version;
    return missing.map((platform) =>
      warning(`versions.${release.version}`, `it has no ${platform}, which ${before} has`)
    );
  });
}

function lintPrevious({ latest, sequence = 0 }: Manifest, text: string): Finding[] {
  const previous = readManifest(JSON.parse(text), "the previous manifest");
  const back = [...previous.latest].flatMap(([channel, before]) => {
    const version = latest.get(channel);
    if (version === undefined) return [warning(`latest.${channel}`, "the channel is gone")];
    const isOlder = compareVersions(version, before) < 0;
    return isOlder ? [warning(`latest.${channel}`, `it goes back from ${before} to ${version}`)] : [];
  });
  const isHigher = sequence > (previous.sequence ?? 0);
  return isHigher
    ? back
    : [error("sequence", `it is ${sequence}, the previous one ${previous.sequence}`), ...back];
}

function isUsualName(name: string, app: string, version: string, platform: string): boolean {
  const prefix = `${app}-v${version}-`;
  if (!name.startsWith(prefix)) return false;
  return canonicalTarget(name.slice(prefix.length).replace(/\.(tar\.gz|tgz|zip|gz|br|exe)$/, "")) ===
    platform;
}

function days(milliseconds: number): string {
  return milliseconds < 0 ? "nothing" : `${Math.floor(milliseconds / DAY)} days`;
}

function error(where: string, message: string): Finding {
  return { level: "error", where, message };
}

function warning(where: string, message: string): Finding {
  return { level: "warning", where, message };
}
