/**
 * Writes `docs/version-manifest.schema.json`, the JSON Schema of the manifest: `deno run -A scripts/manifest_schema.ts`.
 *
 * The program does not load the schema: it reads manifests with `src/manifest_values.ts`, and a test makes sure that
 * both accept the same documents.
 *
 * @module
 */

import { toJsonSchema } from "@valibot/to-json-schema";
import * as v from "valibot";
import { MANIFEST_ASSETS, MANIFEST_CHANNELS, MANIFEST_VERSIONS, VERSION_LENGTH } from "../src/limits.ts";
import { MANIFEST_SCHEMA, type ManifestDocument } from "../src/manifest_schema.ts";

/** Where the published schema lies. */
export const SCHEMA_FILE: URL = new URL("../docs/version-manifest.schema.json", import.meta.url);

/** SemVer 2.0.0's own grammar, with numbers of at most 15 digits: larger ones may compare as equal (T14). */
const SEMVER =
  /^(0|[1-9]\d{0,14})\.(0|[1-9]\d{0,14})\.(0|[1-9]\d{0,14})(-((0|[1-9]\d{0,14}|\d*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9]\d{0,14}|\d*[A-Za-z-][0-9A-Za-z-]*))*))?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$/;
const TIME = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?Z$/;
const DURATION = /^(\d+[smhdw])+$/;

/** Valibot takes a list for an object; JSON Schema, rightly, does not. */
function noList<S extends v.GenericSchema>(schema: S, expected: string) {
  return v.pipe(v.unknown(), v.check((value) => !Array.isArray(value), expected), schema);
}

/** An object whose other fields are kept. */
function object<E extends v.ObjectEntries>(entries: E, expected: string) {
  return noList(v.looseObject(entries, expected), expected);
}

/** An object with names of our own choosing. */
function record<K extends v.GenericSchema<string>, V extends v.GenericSchema>(
  key: K,
  value: V,
  expected: string,
) {
  return noList(v.record(key, value, expected), expected);
}

const version = v.pipe(
  v.string("a SemVer version"),
  v.maxLength(VERSION_LENGTH, "a SemVer version of at most 256 characters"),
  v.regex(SEMVER, "a SemVer version"),
);
const time = v.pipe(
  v.string("a UTC time such as 2025-11-17T14:00:00Z"),
  v.isoTimestamp("a UTC time such as 2025-11-17T14:00:00Z"),
  v.regex(TIME, "a UTC time such as 2025-11-17T14:00:00Z"),
);
const text = v.pipe(v.string("a text"), v.maxLength(65_536, "a text of at most 65,536 characters"));
const address = v.pipe(
  v.string("an address"),
  v.minLength(1, "an address"),
  v.maxLength(4096, "an address of at most 4,096 characters"),
  // Parsers of addresses drop tabs and line ends: what is shown would not be what is asked for.
  v.regex(/^\S+$/, "an address without spaces"),
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

const path = v.pipe(v.string("a path"), v.minLength(1, "a path"), v.maxLength(4096, "a path"));
const binary = object({ path, sha256, size }, "an object with path, sha256 and size");

const assetFields = {
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
};
const asset = object(assetFields, "an object with url and sha256");

const rollout = object({
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

const release = object({
  date: v.optional(time),
  release_notes: v.optional(address),
  notes: v.optional(text),
  minimum_version: v.optional(version),
  minimum_os: v.optional(
    record(
      v.string(),
      v.pipe(
        v.string("a version of the system"),
        v.maxLength(64, "a version of the system of at most 64 characters"),
      ),
      "an object",
    ),
  ),
  critical: v.optional(flag),
  yanked: v.optional(v.nullable(text)),
  rollout: v.optional(v.nullable(rollout)),
  platforms: v.optional(
    v.pipe(
      record(v.string(), asset, "an object of platforms"),
      v.maxEntries(MANIFEST_ASSETS, "at most 64 platforms"),
    ),
  ),
}, "an object that describes a version");

/** The schema of a whole manifest. Messages say what was expected. */
export const manifestSchema: v.GenericSchema<unknown, ManifestDocument> = object({
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
    record(v.pipe(v.string(), v.maxLength(64, "a short name")), version, "an object of channels"),
    v.maxEntries(MANIFEST_CHANNELS, "at most 64 channels"),
  ),
  versions: v.pipe(
    record(version, release, "an object of versions"),
    v.maxEntries(MANIFEST_VERSIONS, "at most 5,000 versions"),
  ),
}, "an object");

/**
 * The JSON Schema (draft 2020-12) of the manifest.
 *
 * It gives the parser's verdict on everything but two things that no JSON Schema can say: whether an address can be
 * resolved, and whether its limits on the length of texts count characters beyond U+FFFF once or twice.
 *
 * @returns The schema as the text of its file.
 */
export function manifestJsonSchema(): string {
  const { $schema, ...rules } = toJsonSchema(manifestSchema, {
    target: "draft-2020-12",
    typeMode: "output",
  });
  const schema = {
    $schema: $schema ?? "https://json-schema.org/draft/2020-12/schema",
    title: "version-manifest.json",
    description:
      "Which versions of a program exist, which one each channel points to, and what each platform " +
      "downloads.",
    ...rules,
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

if (import.meta.main) await Deno.writeTextFile(SCHEMA_FILE, manifestJsonSchema());
