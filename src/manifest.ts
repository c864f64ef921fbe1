/**
 * The manifest: which versions exist, which one each channel points to, and what each platform downloads.
 *
 * Reading is strict about what is used and tolerant of what is not: unknown fields are ignored, except in an asset,
 * where a field that this program does not know might change what has to be done with the file, so that such an asset
 * is not used at all (T10).
 *
 * @module
 */

import type { ArchiveFormat } from "./archive_format.ts";
import { UpdateError } from "./errors.ts";
import { MANIFEST_CHANNELS, MANIFEST_VERSIONS } from "./limits.ts";
import {
  documentFields,
  type Fields,
  mapOf,
  mistake,
  objectIn,
  optional,
  type Origin,
  required,
} from "./manifest_fields.ts";
import { readRelease } from "./manifest_release.ts";
import { MANIFEST_SCHEMA } from "./manifest_schema.ts";
import { readName, readSequence, readTime, readVersion } from "./manifest_values.ts";
import type { TrustVerdict } from "./trust.ts";

/** A manifest that has passed the trust rules; only `fetchManifest` makes one. */
export interface Manifest {
  /** The program this manifest is for, where it says so. */
  readonly app: string | undefined;
  /** Grows with every publication; protects against replay (T2). */
  readonly sequence: number | undefined;
  /** When it was published, in milliseconds since the epoch. */
  readonly issued: number | undefined;
  /** After this moment, in milliseconds since the epoch, nothing is installed from it (T3). */
  readonly expires: number | undefined;
  /** The version each channel points to. */
  readonly latest: ReadonlyMap<string, string>;
  /** What is known about each version. */
  readonly versions: ReadonlyMap<string, Release>;
  /** The address it came from, without credentials and query. */
  readonly source: string;
  /** Who vouches for it. */
  readonly trust: TrustVerdict;
}

/** A version that was published. */
export interface Release {
  /** Its SemVer version. */
  readonly version: string;
  /** When it was published, in milliseconds since the epoch. */
  readonly date: number | undefined;
  /** The release notes as text, not yet safe for a terminal. */
  readonly notes: string | undefined;
  /** Where the release notes can be read. */
  readonly notesUrl: string | undefined;
  /** An older installation goes through this version first. */
  readonly minimumVersion: string | undefined;
  /** The oldest system it runs on, by operating system. */
  readonly minimumOs: ReadonlyMap<string, string>;
  /** Whether it bypasses rollout and minimum age. */
  readonly critical: boolean;
  /** Why it was withdrawn, if it was. */
  readonly yanked: string | undefined;
  /** To which share of installations it is offered. */
  readonly rollout: Rollout | undefined;
  /** The files to download, by canonical target. */
  readonly assets: ReadonlyMap<string, Asset>;
}

/** To which share of installations a version is offered. */
export interface Rollout {
  /** Percent of the installations at `start`. */
  readonly percent: number;
  /** When it starts, in milliseconds since the epoch; before it nobody is offered the version. */
  readonly start: number | undefined;
  /** Over how many milliseconds from `start` the share grows evenly to 100 percent; without it, it does not grow. */
  readonly duration: number | undefined;
  /** The version that the others are offered. */
  readonly fallback: string | undefined;
  /** Whether it is on hold for everybody. */
  readonly paused: boolean;
}

/** A file to download for one platform. */
export interface Asset {
  /** Its addresses, best first. */
  readonly urls: readonly string[];
  /** SHA-256 digest of the file, 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  /** Its size in bytes, where the manifest says. */
  readonly size: number | undefined;
  /** How the executable is packed in it. */
  readonly format: ArchiveFormat;
  /** The executable inside, where the manifest says. */
  readonly binary: { readonly path: string; readonly sha256: string; readonly size: number } | undefined;
}

/**
 * Reads a manifest's document, which must have passed the trust rules.
 *
 * @param document The parsed JSON.
 * @param origin Where it came from and who vouches for it.
 * @returns The manifest.
 * @throws {UpdateError} `MANIFEST_TOO_NEW`, `MANIFEST_INVALID` with the JSON path and what was expected there.
 */
export function parseManifest(
  document: unknown,
  origin: Origin & { trust: TrustVerdict },
): Manifest {
  const fields = documentFields(document, origin);
  optional(readSchema, fields, "schema");
  return Object.freeze({
    app: optional(readName, fields, "app"),
    sequence: optional(readSequence, fields, "sequence"),
    issued: optional(readTime, fields, "issued"),
    expires: optional(readTime, fields, "expires"),
    latest: required(readChannels, fields, "latest"),
    versions: required(readVersions, fields, "versions"),
    source: origin.source,
    trust: origin.trust,
  });
}

/** A newer schema may mean anything, so that its other fields are not looked at. */
function readSchema(value: unknown, fields: Fields, name: string): void {
  if (value === MANIFEST_SCHEMA) return;
  if (!Number.isInteger(value) || (value as number) < MANIFEST_SCHEMA) {
    throw mistake(fields, name, `${MANIFEST_SCHEMA}`);
  }
  const { source } = fields.origin;
  throw new UpdateError(
    "MANIFEST_TOO_NEW",
    `Cannot read the manifest at ${source}: it has schema ${value}, this program reads ${MANIFEST_SCHEMA}; ` +
      "install the current version by hand",
    { source, schema: value as number, supported: MANIFEST_SCHEMA },
  );
}

function readChannels(value: unknown, fields: Fields, name: string): Map<string, string> {
  const channels = mapOf(readChannel, objectIn(value, fields, name, "an object of channels"));
  if (channels.size <= MANIFEST_CHANNELS) return channels;
  throw mistake(fields, name, `at most ${MANIFEST_CHANNELS} channels`);
}

function readChannel(value: unknown, channels: Fields, name: string): string {
  if (name.length > 64) throw mistake(channels, name, "a short name");
  return readVersion(value, channels, name);
}

function readVersions(value: unknown, fields: Fields, name: string): Map<string, Release> {
  const versions = objectIn(value, fields, name, "an object of versions");
  // Names that a map leaves out are no versions either, and refused (T14).
  for (const version of Object.keys(versions.values)) readVersion(version, versions, version);
  const releases = mapOf(readRelease, versions);
  if (releases.size <= MANIFEST_VERSIONS) return releases;
  throw mistake(fields, name, "at most 5,000 versions");
}
