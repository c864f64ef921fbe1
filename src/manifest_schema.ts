/**
 * The form of `version-manifest.json` as a schema. `docs/version-manifest.schema.json` is generated from it.
 *
 * @module
 */

import * as v from "valibot";
import { MANIFEST_ASSETS, MANIFEST_CHANNELS, MANIFEST_VERSIONS, VERSION_LENGTH } from "./limits.ts";

/** The newest `schema` number this program reads. */
export const MANIFEST_SCHEMA = 1;

/** SemVer 2.0.0's own grammar; numbers above 2^53-1 are refused later, where they are compared. */
const SEMVER =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-((0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*))?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const DURATION = /^(\d+[smhdw])+$/;

const version = v.pipe(
  v.string("a SemVer version"),
  v.maxLength(VERSION_LENGTH, "a SemVer version of at most 256 characters"),
  v.regex(SEMVER, "a SemVer version"),
);
const time = v.pipe(
  v.string("a UTC time such as 2025-11-17T14:00:00Z"),
  v.regex(TIME, "a UTC time such as 2025-11-17T14:00:00Z"),
);
const text = v.pipe(v.string("a text"), v.maxLength(65_536, "a text of at most 65,536 characters"));
const address = v.pipe(
  v.string("an address"),
  v.minLength(1, "an address"),
  v.maxLength(4096, "an address of at most 4,096 characters"),
);
const sha256 = v.pipe(
  v.string("a SHA-256 digest of 64 hexadecimal digits"),
  v.regex(/^[0-9A-Fa-f]{64}$/, "a SHA-256 digest of 64 hexadecimal digits"),
);
const size = v.pipe(
  v.number("a size in bytes"),
  v.integer("a size in bytes"),
  v.minValue(0, "a size in bytes"),
  v.maxValue(Number.MAX_SAFE_INTEGER, "a size in bytes"),
);
const flag = v.boolean("true or false");

const binary = v.looseObject({ path: address, sha256, size }, "an object with path, sha256 and size");

const asset = v.looseObject({
  url: address,
  mirrors: v.optional(
    v.pipe(v.array(address, "a list of addresses"), v.maxLength(16, "at most 16 addresses")),
  ),
  sha256,
  size: v.optional(size),
  format: v.optional(
    v.picklist(["tar.gz", "zip", "gz", "br", "raw"], "one of tar.gz, zip, gz, br, raw"),
  ),
  binary: v.optional(binary),
  deltas: v.optional(v.array(v.unknown(), "a list of deltas")),
}, "an object with url and sha256");

const rollout = v.looseObject({
  percent: v.pipe(
    v.number("a percentage from 0 to 100"),
    v.minValue(0, "a percentage from 0 to 100"),
    v.maxValue(100, "a percentage from 0 to 100"),
  ),
  start: v.optional(time),
  duration: v.optional(
    v.pipe(
      v.string("a duration such as 72h"),
      v.maxLength(64, "a duration such as 72h"),
      v.regex(DURATION, "a duration such as 72h"),
    ),
  ),
  fallback: v.optional(version),
  paused: v.optional(flag),
}, "a rollout");

const release = v.looseObject({
  date: v.optional(time),
  release_notes: v.optional(address),
  notes: v.optional(text),
  minimum_version: v.optional(version),
  minimum_os: v.optional(
    v.record(v.string(), v.pipe(v.string("a version of the system"), v.maxLength(64)), "an object"),
  ),
  critical: v.optional(flag),
  yanked: v.optional(v.nullable(text)),
  rollout: v.optional(v.nullable(rollout)),
  platforms: v.optional(
    v.pipe(
      v.record(v.string(), asset, "an object of platforms"),
      v.maxEntries(MANIFEST_ASSETS, "at most 64 platforms"),
    ),
  ),
}, "an object that describes a version");

/** The schema of a whole manifest. Messages say what was expected. */
export const manifestSchema = v.looseObject({
  schema: v.optional(v.literal(MANIFEST_SCHEMA, "1")),
  app: v.optional(v.pipe(v.string("a name"), v.minLength(1, "a name"), v.maxLength(128, "a name"))),
  sequence: v.optional(
    v.pipe(
      v.number("a whole number"),
      v.integer("a whole number"),
      v.minValue(0, "a whole number"),
      v.maxValue(Number.MAX_SAFE_INTEGER, "a whole number up to 2^53-1"),
    ),
  ),
  issued: v.optional(time),
  expires: v.optional(time),
  latest: v.pipe(
    v.record(v.pipe(v.string(), v.maxLength(64, "a short name")), version, "an object of channels"),
    v.maxEntries(MANIFEST_CHANNELS, "at most 64 channels"),
  ),
  versions: v.pipe(
    v.record(version, release, "an object of versions"),
    v.maxEntries(MANIFEST_VERSIONS, "at most 5,000 versions"),
  ),
}, "an object");

/** A manifest as it stands in its file. */
export type ManifestDocument = v.InferOutput<typeof manifestSchema>;
/** A version as it stands in a manifest. */
export type ReleaseDocument = v.InferOutput<typeof release>;
/** A platform's file as it stands in a manifest. */
export type AssetDocument = v.InferOutput<typeof asset>;

/** The fields of an asset that this program knows; an asset with others is not used (T10). */
export const ASSET_FIELDS: ReadonlySet<string> = new Set(Object.keys(asset.entries));
