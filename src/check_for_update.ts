/**
 * Step 2: which version this installation is offered.
 *
 * @module
 */

import { type Choice, choose, type Situation, type Verdict } from "./choose.ts";
import { isFileError } from "./errors.ts";
import { fetchManifest, type FetchManifestOptions, type Source } from "./fetch_manifest.ts";
import { installationId } from "./installation_id.ts";
import type { Asset, Manifest, Release } from "./manifest.ts";
import { refusedVersions } from "./refused_versions.ts";
import { systemRuntime } from "./runtime/default.ts";
import type { Runtime } from "./runtime/types.ts";
import { stateDirectoryOf } from "./state_directory.ts";
import { canonicalTarget, targetName } from "./target.ts";
import type { TrustVerdict } from "./trust.ts";
import { compareVersions } from "./version.ts";

/** Options of {@link checkForUpdate}. */
export interface CheckForUpdateOptions extends FetchManifestOptions {
  /** The installed version, SemVer. */
  readonly currentVersion: string;
  /**
   * The channel to follow.
   * @default "stable"
   */
  readonly channel?: string | undefined;
  /**
   * The platform to choose a file for, as manifests name it or as a Deno or Rust triple.
   * @default this machine's
   */
  readonly target?: string | undefined;
  /** Exactly this version instead of the channel's. */
  readonly version?: string | undefined;
  /**
   * Whether a version older than the installed one may be offered.
   * @default false
   */
  readonly allowDowngrade?: boolean | undefined;
  /** A version range to stay within, such as `~2025.11`. */
  readonly pin?: string | undefined;
  /**
   * How old a release must be, in milliseconds; critical ones excepted.
   * @default 0
   */
  readonly minimumAge?: number | undefined;
  /**
   * Whether a person asked: rollout and minimum age do not apply then.
   * @default false
   */
  readonly manual?: boolean | undefined;
  /**
   * What tells this installation from others in a rollout.
   * @default a random number kept in the state folder
   */
  readonly installationId?: string | undefined;
  /**
   * Versions that are not offered, because they failed here before. One that is asked for by `version` is.
   * @default those remembered in the state folder
   */
  readonly refusedVersions?: readonly string[] | undefined;
}

/** A release chosen for this machine. */
export interface Update {
  /** The program, where the manifest names it. */
  readonly app: string | undefined;
  /** The version to install. */
  readonly version: string;
  /** The installed version. */
  readonly from: string;
  /** The version the channel points to; another one than `version` behind a stepping stone or a rollout. */
  readonly latest: string;
  /** The channel that was followed. */
  readonly channel: string;
  /** The platform of the file. */
  readonly target: string;
  /** Why this version. */
  readonly reason: Choice["reason"];
  /** Everything the manifest says about the version. */
  readonly release: Release;
  /** The file to download. */
  readonly asset: Asset;
  /** The release notes as text, not yet safe for a terminal. */
  readonly notes: string | undefined;
  /** Where the release notes can be read. */
  readonly notesUrl: string | undefined;
  /** Whether it is critical. */
  readonly critical: boolean;
  /** Who vouches for it. */
  readonly trust: TrustVerdict;
  /** The address of the manifest, without credentials and query. */
  readonly source: string;
  /** After this moment, in milliseconds since the epoch, it is not installed any more (T3). */
  readonly expires: number | undefined;
}

/** Why a version is offered, or none. */
export interface Explanation {
  /** What each rule said, in order. */
  readonly verdicts: readonly Verdict[];
  /** The version the channel points to. */
  readonly latest: string;
  /** What is offered, if anything. */
  readonly update: Update | undefined;
}

/**
 * Checks whether there is an update for this machine.
 *
 * Nothing is downloaded but the manifest. Given a manifest instead of a source, nothing is fetched at all.
 *
 * Permissions: those of `fetchManifest`; for a version in a rollout, also writing to the state folder.
 *
 * @example Check a manifest at hand
 * ```ts
 * import { checkForUpdate } from "@cco/updater";
 * import assert from "node:assert/strict";
 * import { mkdtemp, rm, writeFile } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { pathToFileURL } from "node:url";
 *
 * const folder = await mkdtemp(join(tmpdir(), "check-"));
 * const path = join(folder, "version-manifest.json");
 * const asset = { url: "app.tar.gz", sha256: "0".repeat(64) };
 * const versions = { "1.5.0": { platforms: { "linux-x86_64": asset } } };
 * await writeFile(path, JSON.stringify({ latest: { stable: "1.5.0" }, versions }));
 *
 * const source = pathToFileURL(path).href;
 * const update = await checkForUpdate(source, { currentVersion: "1.4.0", target: "linux-x86_64" });
 * assert.equal(update?.version, "1.5.0");
 * assert.equal(await checkForUpdate(source, { currentVersion: "1.5.0" }), undefined);
 * await rm(folder, { recursive: true });
 * ```
 *
 * @param source A source, several in order, or a manifest from `fetchManifest`.
 * @param options What is installed and what is wanted.
 * @returns The update, or `undefined` when there is none for this installation.
 * @throws {UpdateError} What `fetchManifest` throws; `CHANNEL_MISSING`, `VERSION_MISSING`, `DOWNGRADE`, `ASSET_MISSING`.
 * @throws {TypeError} When the installed version or the pin cannot be read.
 */
export async function checkForUpdate(
  source: Source | Manifest,
  options: CheckForUpdateOptions,
): Promise<Update | undefined> {
  return (await explainUpdate(source, options)).update;
}

/**
 * Checks as {@link checkForUpdate} does, and tells what each rule said.
 *
 * @param source A source, several in order, or a manifest from `fetchManifest`.
 * @param options What is installed and what is wanted.
 * @returns The verdicts and the update, if there is one.
 * @throws {UpdateError} As `checkForUpdate`.
 * @throws {TypeError} As `checkForUpdate`.
 */
export async function explainUpdate(
  source: Source | Manifest,
  options: CheckForUpdateOptions,
): Promise<Explanation> {
  // Checked before anything is fetched: a mistake of the caller is not the network's.
  compareVersions(options.currentVersion, options.currentVersion);
  const runtime = options.runtime ?? systemRuntime();
  const manifest = isManifest(source) ? source : await fetchManifest(source, { ...options, runtime });
  const situation = await situationOf(runtime, manifest, options);
  const { verdicts, latest, choice } = await choose(manifest, situation);
  return { verdicts, latest, update: choice && toUpdate(manifest, situation, latest, choice) };
}

function isManifest(source: Source | Manifest): source is Manifest {
  return typeof source === "object" && "versions" in source;
}

async function situationOf(
  runtime: Runtime,
  manifest: Manifest,
  options: CheckForUpdateOptions,
): Promise<Situation> {
  const releases = [...manifest.versions.values()];
  // Asked for only where a rule needs it: the one costs a process on macOS, the other a file.
  const needsOsVersion = releases.some(({ minimumOs }) => minimumOs.has(runtime.os));
  const needsId = options.manual !== true && releases.some(({ rollout }) => rollout !== undefined);
  return {
    currentVersion: options.currentVersion,
    target: canonicalTarget(options.target ?? targetName(runtime)),
    machine: { os: runtime.os, arch: runtime.arch },
    osVersion: needsOsVersion ? await runtime.osVersion() : undefined,
    channel: options.channel ?? "stable",
    version: options.version,
    allowDowngrade: options.allowDowngrade ?? false,
    pin: options.pin,
    minimumAge: options.minimumAge ?? 0,
    manual: options.manual ?? false,
    installationId: options.installationId ??
      (needsId ? await installationId(runtime, stateDirectoryOf(runtime, options)) : undefined),
    refused: options.refusedVersions ?? await refusedHere(runtime, options),
    now: runtime.now(),
  };
}

async function refusedHere(runtime: Runtime, options: CheckForUpdateOptions): Promise<string[]> {
  try {
    return await refusedVersions(runtime, stateDirectoryOf(runtime, options));
  } catch (error) {
    // A check needs no right to read the state folder.
    if (isFileError(error)) return [];
    throw error;
  }
}

function toUpdate(manifest: Manifest, situation: Situation, latest: string, choice: Choice): Update {
  const { release, asset, target, reason } = choice;
  return {
    app: manifest.app,
    version: release.version,
    from: situation.currentVersion,
    latest,
    channel: situation.channel,
    target,
    reason,
    release,
    asset,
    notes: release.notes,
    notesUrl: release.notesUrl,
    critical: release.critical,
    trust: manifest.trust,
    source: manifest.source,
    expires: manifest.expires,
  };
}
