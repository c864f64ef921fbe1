/**
 * Reading a version of a manifest: what is known about it and its files.
 *
 * @module
 */

import { formatOf } from "./archive_format.ts";
import { MANIFEST_ASSETS } from "./limits.ts";
import type { Asset, Release, Rollout } from "./manifest.ts";
import { type Fields, mapOf, mistake, nullable, objectIn, optional, required } from "./manifest_fields.ts";
import {
  readAddress,
  readDigest,
  readDuration,
  readFlag,
  readFormat,
  readPath,
  readPercentage,
  readSize,
  readSystemVersion,
  readText,
  readTime,
  readVersion,
} from "./manifest_values.ts";
import { canonicalTarget } from "./target.ts";

/** The fields of an asset that this program knows; an asset with others is not used (T10). */
const ASSET_FIELDS: readonly string[] = ["url", "mirrors", "sha256", "size", "format", "binary", "deltas"];
const MIRRORS = 16;

/**
 * Reads a version.
 *
 * @param value What the manifest says about it.
 * @param fields The manifest's versions.
 * @param version The version.
 * @returns The version.
 * @throws {UpdateError} `MANIFEST_INVALID`.
 */
export function readRelease(value: unknown, fields: Fields, version: string): Release {
  const release = objectIn(value, fields, version, "an object that describes a version");
  return {
    version,
    date: optional(readTime, release, "date"),
    notesUrl: optional(readAddress, release, "release_notes"),
    notes: optional(readText, release, "notes"),
    minimumVersion: optional(readVersion, release, "minimum_version"),
    minimumOs: optional(readMinimumOs, release, "minimum_os") ?? new Map(),
    critical: optional(readFlag, release, "critical") ?? false,
    yanked: nullable(readText, release, "yanked"),
    rollout: nullable(readRollout, release, "rollout"),
    assets: new Map(optional(readAssets, release, "platforms")),
  };
}

function readMinimumOs(value: unknown, fields: Fields, name: string): Map<string, string> {
  return mapOf(readSystemVersion, objectIn(value, fields, name, "an object"));
}

function readRollout(value: unknown, fields: Fields, name: string): Rollout {
  const rollout = objectIn(value, fields, name, "a rollout");
  return {
    percent: required(readPercentage, rollout, "percent"),
    start: optional(readTime, rollout, "start"),
    duration: optional(readDuration, rollout, "duration"),
    fallback: optional(readVersion, rollout, "fallback"),
    paused: optional(readFlag, rollout, "paused") ?? false,
  };
}

function readAssets(value: unknown, fields: Fields, name: string): [string, Asset][] {
  const platforms = objectIn(value, fields, name, "an object of platforms");
  const assets = mapOf(readAsset, platforms);
  if (assets.size > MANIFEST_ASSETS) throw mistake(fields, name, `at most ${MANIFEST_ASSETS} platforms`);
  return [...assets].flatMap(([target, asset]) => asset ? [[canonicalTarget(target), asset]] : []);
}

/** A file to download, or `undefined` where a field that is not known might change what has to be done with it (T10). */
function readAsset(value: unknown, fields: Fields, name: string): Asset | undefined {
  const asset = objectIn(value, fields, name, "an object with url and sha256");
  const address = required(readAddress, asset, "url");
  const mirrors = optional(readMirrors, asset, "mirrors") ?? [];
  const sha256 = required(readDigest, asset, "sha256");
  const size = optional(readSize, asset, "size");
  const format = optional(readFormat, asset, "format");
  const binary = optional(readBinary, asset, "binary");
  optional(readDeltas, asset, "deltas");
  if (!Object.keys(asset.values).every((each) => ASSET_FIELDS.includes(each))) return undefined;
  const url = resolve(address, asset, "url");
  const list = { ...asset, path: [...asset.path, "mirrors"] };
  const others = mirrors.map((mirror, index) => resolve(mirror, list, String(index)));
  return {
    urls: [url, ...others].map(({ href }) => href),
    sha256,
    size,
    format: format ?? formatOf(url.pathname),
    binary,
  };
}

function readMirrors(value: unknown, fields: Fields, name: string): string[] {
  if (!Array.isArray(value)) throw mistake(fields, name, "a list of addresses");
  const list = { ...fields, values: { ...value }, path: [...fields.path, name] };
  const mirrors = value.map((each, index) => readAddress(each, list, String(index)));
  if (mirrors.length > MIRRORS) throw mistake(fields, name, `at most ${MIRRORS} addresses`);
  return mirrors;
}

function readBinary(value: unknown, fields: Fields, name: string): Asset["binary"] {
  const binary = objectIn(value, fields, name, "an object with path, sha256 and size");
  return {
    path: required(readPath, binary, "path"),
    sha256: required(readDigest, binary, "sha256"),
    size: required(readSize, binary, "size"),
  };
}

/** Nothing uses them yet. */
function readDeltas(value: unknown, fields: Fields, name: string): void {
  if (!Array.isArray(value)) throw mistake(fields, name, "a list of deltas");
}

/** A relative address lets one manifest serve from a web host and from a folder on a closed network alike. */
function resolve(address: string, fields: Fields, name: string): URL {
  try {
    return new URL(address, fields.origin.base);
  } catch {
    throw mistake(fields, name, "an address");
  }
}
