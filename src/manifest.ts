/**
 * The manifest: which versions exist, which one each channel points to, and what each platform downloads.
 *
 * Reading is strict about what is used and tolerant of what is not: unknown fields are ignored, except in an asset,
 * where a field that this program does not know might change what has to be done with the file, so that such an asset
 * is not used at all (T10).
 *
 * @module
 */

import * as v from "valibot";
import { type ArchiveFormat, formatOf } from "./archive.ts";
import { UpdateError } from "./errors.ts";
import {
  ASSET_FIELDS,
  type AssetDocument,
  MANIFEST_SCHEMA,
  type ManifestDocument,
  manifestSchema,
  type ReleaseDocument,
} from "./manifest_schema.ts";
import { canonicalTarget } from "./target.ts";
import type { TrustVerdict } from "./trust.ts";
import { parseTime } from "./trust/document.ts";

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
  origin: { source: string; base: string; trust: TrustVerdict },
): Manifest {
  refuseNewerSchema(document, origin.source);
  const parsed = v.safeParse(manifestSchema, document, { abortEarly: true });
  if (!parsed.success) {
    const issue = parsed.issues[0];
    throw invalid(origin.source, jsonPath(issue.path ?? []), issue.message);
  }
  refuseLeftOutVersions(document, parsed.output, origin.source);
  const { app, sequence, issued, expires, latest, versions } = parsed.output;
  const releases = Object.entries(versions).map(([version, release]) =>
    [version, toRelease(version, release, origin)] as const
  );
  return Object.freeze({
    app,
    sequence,
    issued: toTime(issued, "issued", origin.source),
    expires: toTime(expires, "expires", origin.source),
    latest: new Map(Object.entries(latest)),
    versions: new Map(releases),
    source: origin.source,
    trust: origin.trust,
  });
}

/** A newer schema may mean anything, so that its other fields are not looked at. */
function refuseNewerSchema(document: unknown, source: string): void {
  const schema = typeof document === "object" && document !== null && "schema" in document
    ? document.schema
    : undefined;
  if (typeof schema !== "number" || !Number.isInteger(schema) || schema <= MANIFEST_SCHEMA) return;
  throw new UpdateError(
    "MANIFEST_TOO_NEW",
    `Cannot read the manifest at ${source}: it has schema ${schema}, this program reads ${MANIFEST_SCHEMA}; ` +
      "install the current version by hand",
    { source, schema, supported: MANIFEST_SCHEMA },
  );
}

/** Valibot leaves out names such as `__proto__` without a word; none of them is a version (T14). */
function refuseLeftOutVersions(document: unknown, { versions }: ManifestDocument, source: string): void {
  const all = Object.keys((document as { versions: object }).versions);
  const leftOut = all.find((name) => !Object.hasOwn(versions, name));
  if (leftOut !== undefined) throw invalid(source, jsonPath(["versions", leftOut]), "a SemVer version");
}

function toRelease(
  version: string,
  release: ReleaseDocument,
  origin: { source: string; base: string },
): Release {
  const at = (...fields: string[]) => jsonPath(["versions", version, ...fields]);
  const { rollout } = release;
  const known = Object.entries(release.platforms ?? {}).filter(([, asset]) =>
    Object.keys(asset).every((field) => ASSET_FIELDS.has(field))
  );
  return {
    version,
    date: toTime(release.date, at("date"), origin.source),
    notes: release.notes,
    notesUrl: release.release_notes,
    minimumVersion: release.minimum_version,
    minimumOs: new Map(Object.entries(release.minimum_os ?? {})),
    critical: release.critical ?? false,
    yanked: release.yanked ?? undefined,
    rollout: rollout ? toRollout(rollout, at("rollout", "start"), origin.source) : undefined,
    assets: new Map(
      known.map((
        [name, asset],
      ) => [
        canonicalTarget(name),
        toAsset(asset, jsonPath(["versions", version, "platforms", name]), origin),
      ]),
    ),
  };
}

function toRollout(rollout: NonNullable<ReleaseDocument["rollout"]>, path: string, source: string): Rollout {
  return {
    percent: rollout.percent,
    start: toTime(rollout.start, path, source),
    duration: rollout.duration === undefined ? undefined : milliseconds(rollout.duration),
    fallback: rollout.fallback,
    paused: rollout.paused ?? false,
  };
}

function toAsset(asset: AssetDocument, path: string, origin: { source: string; base: string }): Asset {
  const addresses = [asset.url, ...asset.mirrors ?? []];
  const urls = addresses.map((address) => {
    // A relative address lets one manifest serve from a web host and from a folder on a closed network alike.
    if (!URL.canParse(address, origin.base)) throw invalid(origin.source, `${path}.url`, "an address");
    return new URL(address, origin.base).href;
  });
  const { binary } = asset;
  return {
    urls,
    sha256: asset.sha256.toLowerCase(),
    size: asset.size,
    format: asset.format ?? formatOf(new URL(urls[0]!).pathname),
    binary: binary && { path: binary.path, sha256: binary.sha256.toLowerCase(), size: binary.size },
  };
}

function toTime(text: string | undefined, path: string, source: string): number | undefined {
  if (text === undefined) return undefined;
  const time = parseTime(text);
  if (time === undefined) throw invalid(source, path, "a time that exists");
  return time;
}

/** `1d12h` as milliseconds; the schema has checked the form. */
function milliseconds(duration: string): number {
  const units: Record<string, number> = { s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5 };
  let total = 0;
  for (const [, count, unit] of duration.matchAll(/(\d+)([smhdw])/g)) total += Number(count) * units[unit!]!;
  return total;
}

function jsonPath(path: readonly (string | { key?: unknown })[]): string {
  const keys = path.map((item) => String(typeof item === "string" ? item : item.key));
  return keys.map((key) => /^[A-Za-z_]\w*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`).join("")
    .replace(/^\./, "") || "(the whole document)";
}

function invalid(source: string, path: string, expected: string): UpdateError<"MANIFEST_INVALID"> {
  return new UpdateError(
    "MANIFEST_INVALID",
    `Cannot read the manifest at ${source}: expected ${expected} at ${path}; tell its publisher`,
    { source, path, expected },
  );
}
