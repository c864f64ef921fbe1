/**
 * GitHub Releases as a manifest: what the API says about the releases of a repository, as a manifest's document.
 *
 * @module
 */

import { UpdateError } from "./errors.ts";
import { carriesVersion, packingOf, preferenceOf, targetOf } from "./github_name.ts";
import type { GithubRepository } from "./github_source.ts";
import { compareVersions, isVersion, prereleaseTag } from "./version.ts";

export { githubManifestAddress, type GithubRepository, parseGithubSource } from "./github_source.ts";

/** A file of a release. */
export interface GithubAsset {
  readonly name: string;
  readonly size: number;
  /** Where anybody can download it. */
  readonly downloadUrl: string;
  /** Where the API serves it, which is the only way in a private repository. */
  readonly apiUrl: string;
  /** The SHA-256 digest that GitHub computed at the upload; older files have none. */
  readonly sha256: string | undefined;
}

/** A release whose tag is a version. */
export interface GithubRelease {
  readonly version: string;
  readonly isPrerelease: boolean;
  readonly date: string | undefined;
  readonly notes: string | undefined;
  readonly pageUrl: string | undefined;
  readonly assets: readonly GithubAsset[];
}

/** Digests by file name, as `checksums.sha256` of a release has them. */
export type Checksums = ReadonlyMap<string, string>;

/**
 * Reads one page of the API's list of releases. Drafts, other programs' tags and tags that are no version are left out.
 *
 * @param page The parsed JSON.
 * @param repository Whose releases they are.
 * @param source Where the page came from, for messages.
 * @throws {UpdateError} `MANIFEST_INVALID` when it is no list of releases.
 */
export function parseReleases(page: unknown, repository: GithubRepository, source: string): GithubRelease[] {
  if (!Array.isArray(page)) {
    const message = `Cannot read the releases at ${source}: expected a list`;
    throw new UpdateError("MANIFEST_INVALID", message, {
      source,
      path: "(the whole document)",
      expected: "a list",
    });
  }
  return page.filter(isObject).filter(({ draft }) => draft !== true).flatMap((release) => {
    const version = versionOf(release["tag_name"], repository.tagPrefix);
    return version === undefined ? [] : [toRelease(release, version)];
  });
}

/**
 * Orders releases by SemVer, newest first. Of two tags for one version the first in the list counts.
 *
 * The order in which GitHub lists them is that of their commits: a fix of an old version would come first.
 */
export function newestFirst(releases: readonly GithubRelease[]): GithubRelease[] {
  const byVersion = new Map(releases.toReversed().map((release) => [release.version, release]));
  return [...byVersion.values()].sort((a, b) => compareVersions(b.version, a.version));
}

/**
 * Makes a manifest's document out of releases: the newest stable one is the head of `stable`, the newest of all that of
 * `beta`. Files without a digest are left out.
 *
 * @param releases The releases, {@link newestFirst}.
 * @param options `checksums` by version; `isSigned` tells that only those count and that a file must carry the version
 *   in its name, so that signed checksums of an old release cannot be passed off as those of a new one (T2);
 *   `isPrivate` puts the API's addresses first.
 * @returns The document, for `parseManifest`.
 * @throws {UpdateError} `DIGEST_MISMATCH` when GitHub's digest and the publisher's differ.
 */
export function releasesToDocument(
  releases: readonly GithubRelease[],
  options: {
    readonly checksums: ReadonlyMap<string, Checksums>;
    readonly isSigned: boolean;
    readonly isPrivate: boolean;
  },
): Record<string, unknown> {
  const usable = releases.filter(({ version }) => !options.isSigned || options.checksums.has(version));
  const stable = usable.find(({ isPrerelease }) => !isPrerelease);
  const [newest] = usable;
  return {
    schema: 1,
    latest: {
      ...(stable === undefined ? {} : { stable: stable.version }),
      ...(newest === undefined ? {} : { beta: newest.version }),
    },
    versions: Object.fromEntries(usable.map((release) => {
      const checksums = options.checksums.get(release.version) ?? new Map<string, string>();
      return [release.version, releaseDocument(release, checksums, options)];
    })),
  };
}

/**
 * Reads `checksums.sha256` in the format of `sha256sum`.
 *
 * @param text The file.
 * @returns Digests by file name; lines of another form are left out.
 */
export function parseChecksums(text: string): Map<string, string> {
  const lines = text.split(/\r?\n/).flatMap((line): [string, string][] => {
    const [, digest, name] = /^([0-9a-fA-F]{64}) [ *](.+)$/.exec(line) ?? [];
    return digest === undefined || name === undefined
      ? []
      : [[name.replace(/^\.\//, ""), digest.toLowerCase()]];
  });
  return new Map(lines);
}

/**
 * The next page of a list, out of the `Link` header (RFC 8288).
 *
 * @param header Its value.
 * @returns The address, or `undefined` on the last page.
 */
export function nextPage(header: string | null): string | undefined {
  for (const [, url, parameters] of (header ?? "").matchAll(/<([^>]*)>([^<]*)/g)) {
    const [, relations = ""] = /;\s*rel="?([^";,]*)/i.exec(parameters ?? "") ?? [];
    if (relations.trim().split(/\s+/).includes("next")) return url;
  }
  return undefined;
}

function versionOf(tag: unknown, prefix: string): string | undefined {
  if (typeof tag !== "string" || !tag.startsWith(prefix)) return undefined;
  const version = tag.slice(prefix.length).replace(/^v/, "");
  return isVersion(version) ? version : undefined;
}

function toRelease(release: Record<string, unknown>, version: string): GithubRelease {
  const assets = Array.isArray(release["assets"]) ? release["assets"].filter(isObject) : [];
  return {
    version,
    isPrerelease: release["prerelease"] === true || prereleaseTag(version) !== undefined,
    date: text(release["published_at"]),
    notes: text(release["body"]),
    pageUrl: text(release["html_url"]),
    assets: assets.filter(({ state }) => state === undefined || state === "uploaded").flatMap(toAsset),
  };
}

function toAsset(asset: Record<string, unknown>): GithubAsset[] {
  const [name, downloadUrl, apiUrl] = [
    text(asset["name"]),
    text(asset["browser_download_url"]),
    text(asset["url"]),
  ];
  const { size } = asset;
  if (name === undefined || downloadUrl === undefined || apiUrl === undefined) return [];
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) return [];
  const [, sha256] = /^sha256:([0-9a-f]{64})$/i.exec(text(asset["digest"]) ?? "") ?? [];
  return [{ name, size, downloadUrl, apiUrl, sha256: sha256?.toLowerCase() }];
}

function releaseDocument(
  release: GithubRelease,
  checksums: Checksums,
  options: { readonly isSigned: boolean; readonly isPrivate: boolean },
): Record<string, unknown> {
  const named = release.assets.filter(({ name }) =>
    !options.isSigned || carriesVersion(name, release.version)
  );
  // Of two files for one platform the later in this order counts.
  const ranked = named.toSorted((a, b) => preferenceOf(a.name) - preferenceOf(b.name));
  const platforms = ranked.flatMap((asset): [string, unknown][] => {
    const target = targetOf(asset.name, release.version);
    const sha256 = digestOf(asset, checksums.get(asset.name), options);
    if (target === undefined || sha256 === undefined) return [];
    const [url, mirrors] = options.isPrivate ? [asset.apiUrl, [asset.downloadUrl]] : [asset.downloadUrl, []];
    return [[target, { url, mirrors, sha256, size: asset.size, format: packingOf(asset.name) }]];
  });
  return {
    ...(release.date === undefined ? {} : { date: release.date }),
    ...(release.notes === undefined ? {} : { notes: release.notes }),
    ...(release.pageUrl === undefined ? {} : { release_notes: release.pageUrl }),
    platforms: Object.fromEntries(platforms),
  };
}

/** Whoever can upload a file can change GitHub's digest too; a signed list of digests outranks it. */
function digestOf(
  asset: GithubAsset,
  published: string | undefined,
  { isSigned }: { readonly isSigned: boolean },
): string | undefined {
  if (published !== undefined && asset.sha256 !== undefined && published !== asset.sha256) {
    const { name: file, downloadUrl: source } = asset;
    const message =
      `The digests of ${file} differ: checksums.sha256 says ${published}, GitHub says ${asset.sha256}; ` +
      "it was replaced after the release, tell the publisher";
    throw new UpdateError("DIGEST_MISMATCH", message, {
      expected: published,
      actual: asset.sha256,
      file,
      source,
    });
  }
  return isSigned ? published : published ?? asset.sha256;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
