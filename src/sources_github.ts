/**
 * GitHub Releases as a source.
 *
 * The asset `version-manifest.json` of the newest release needs no API, no token and has no hourly limit: it comes
 * first. The REST API serves repositories without one, private ones, and those that hold several programs.
 *
 * @module
 */

import { GITHUB_API } from "./address.ts";
import { UpdateError } from "./errors.ts";
import {
  type Checksums,
  type GithubRelease,
  type GithubRepository,
  newestFirst,
  nextPage,
  parseChecksums,
  parseReleases,
  releasesToDocument,
} from "./github.ts";
import type { FetchedBytes } from "./http.ts";
import { API_PAGE_BYTES, API_PAGES, CHECKED_RELEASES, CHECKSUMS_BYTES, SIGNATURE_BYTES } from "./limits.ts";
import type { Reader } from "./sources_reader.ts";
import type { TrustVerdict } from "./trust.ts";

/** Verifies a `checksums.sha256` by its signature, or throws; roots and other signatures lie beside `base`. */
export type VerifyChecksums = (
  bytes: Uint8Array<ArrayBuffer>,
  signature: Uint8Array<ArrayBuffer>,
  source: string,
  base: string,
) => Promise<TrustVerdict>;

/** What is needed to read releases. */
export interface GithubOptions {
  readonly fetch: Reader["fetch"];
  /** Whether a token is sent: files are then addressed through the API, the only way in a private repository. */
  readonly hasToken: boolean;
  /** Verifies a signed `checksums.sha256`; without it the releases are unsigned. */
  readonly verifyChecksums?: VerifyChecksums | undefined;
}

/** Where the manifest is, or what the releases say in its place. */
export type GithubManifest =
  /** A release has the manifest as a file: fetch it and its signature from there, and verify it. */
  | {
    readonly kind: "address";
    readonly url: string;
    readonly signatureUrl: string | undefined;
    /** What relative addresses in it are relative to. */
    readonly base: string;
  }
  /** No release has one: this was made out of the list of releases. */
  | {
    readonly kind: "document";
    readonly document: Record<string, unknown>;
    readonly source: string;
    readonly trust: TrustVerdict;
  };

/**
 * Asks the API for the releases.
 *
 * @param repository The repository.
 * @param options How to fetch, and whom to trust.
 * @returns Where the manifest is, or a document in its place.
 * @throws {UpdateError} As fetching throws; `MANIFEST_INVALID`; `DIGEST_MISMATCH` when GitHub's digests and the
 * publisher's differ; `UNTRUSTED` when signatures are asked for and no release has a good one.
 */
export async function githubDocument(
  repository: GithubRepository,
  options: GithubOptions,
): Promise<GithubManifest> {
  const first = `${GITHUB_API}/repos/${repository.owner}/${repository.name}/releases?per_page=100`;
  const releases = newestFirst(await allReleases(first, repository, options));
  const manifest = manifestAsset(releases, options);
  if (manifest !== undefined) return manifest;
  const { checksums, verdict } = await checksumsOf(releases, options);
  const isSigned = options.verifyChecksums !== undefined;
  if (isSigned && verdict === undefined) throw unsignedReleases(first);
  const document = releasesToDocument(releases, { checksums, isSigned, isPrivate: options.hasToken });
  return {
    kind: "document",
    document,
    source: first.split("?")[0]!,
    trust: verdict ?? { signed: false, keyIds: [] },
  };
}

async function allReleases(
  first: string,
  repository: GithubRepository,
  { fetch }: GithubOptions,
): Promise<GithubRelease[]> {
  const releases: GithubRelease[] = [];
  let url: string | undefined = first;
  for (let page = 0; page < API_PAGES && url !== undefined; page++) {
    const answer: FetchedBytes = await fetch(url, {
      what: "list of releases",
      maxBytes: API_PAGE_BYTES,
      headers: { accept: "application/vnd.github+json", "x-github-api-version": "2022-11-28" },
    });
    releases.push(...parseReleases(parseJson(answer.bytes, first), repository, first));
    const next = nextPage(answer.headers.get("link"));
    url = next === undefined ? undefined : new URL(next, url).href;
  }
  return releases;
}

/** Only the newest stable release and the newest of all can hold the current manifest. */
function manifestAsset(
  releases: readonly GithubRelease[],
  { hasToken }: GithubOptions,
): GithubManifest | undefined {
  for (const release of headsOf(releases)) {
    const named = (name: string) => release.assets.find((asset) => asset.name === name);
    const [manifest, signature] = [named("version-manifest.json"), named("version-manifest.json.minisig")];
    if (manifest === undefined) continue;
    const [url, signatureUrl] = hasToken
      ? [manifest.apiUrl, signature?.apiUrl]
      : [manifest.downloadUrl, signature?.downloadUrl];
    return { kind: "address", url, signatureUrl, base: manifest.downloadUrl };
  }
  return undefined;
}

function headsOf(releases: readonly GithubRelease[]): GithubRelease[] {
  return [releases.find(({ isPrerelease }) => !isPrerelease), releases[0]].flatMap((head) => head ?? []);
}

/**
 * The digests of the heads of the channels, and of the newest other releases whose files have none of GitHub's.
 */
async function checksumsOf(
  releases: readonly GithubRelease[],
  options: GithubOptions,
): Promise<{ checksums: Map<string, Checksums>; verdict: TrustVerdict | undefined }> {
  const heads = headsOf(releases);
  const wanted = releases.filter((release) =>
    heads.includes(release) || options.verifyChecksums !== undefined ||
    release.assets.some(({ sha256 }) => sha256 === undefined)
  );
  const checksums = new Map<string, Checksums>();
  let verdict: TrustVerdict | undefined;
  // One after the other: GitHub asks for that, and bans those who do not listen.
  for (const release of wanted.slice(0, CHECKED_RELEASES)) {
    const found = await checksumsOfRelease(release, options);
    if (found === undefined) continue;
    verdict ??= found.verdict;
    checksums.set(release.version, found.checksums);
  }
  return { checksums, verdict };
}

async function checksumsOfRelease(
  { assets }: GithubRelease,
  { fetch, hasToken, verifyChecksums }: GithubOptions,
): Promise<{ checksums: Checksums; verdict: TrustVerdict | undefined } | undefined> {
  const read = async (name: string, what: string, maxBytes: number) => {
    const asset = assets.find((each) => each.name === name);
    if (asset === undefined) return undefined;
    const source = hasToken ? asset.apiUrl : asset.downloadUrl;
    const { bytes } = await fetch(source, {
      what,
      maxBytes,
      headers: { accept: "application/octet-stream" },
    });
    return { bytes, source, base: asset.downloadUrl };
  };
  const file = await read("checksums.sha256", "checksums", CHECKSUMS_BYTES);
  if (file === undefined) return undefined;
  const checksums = parseChecksums(new TextDecoder().decode(file.bytes));
  if (verifyChecksums === undefined) return { checksums, verdict: undefined };
  const signature = await read("checksums.sha256.minisig", "signature", SIGNATURE_BYTES);
  if (signature === undefined) return undefined;
  return { checksums, verdict: await verifyChecksums(file.bytes, signature.bytes, file.source, file.base) };
}

function parseJson(bytes: Uint8Array, source: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    const message = `Cannot read the releases at ${source}: it is no JSON`;
    const details = { source, path: "(the whole document)", expected: "JSON" };
    throw new UpdateError("MANIFEST_INVALID", message, details, { cause });
  }
}

function unsignedReleases(source: string): UpdateError<"UNTRUSTED"> {
  const message =
    `Signature verification failed: no release at ${source} has a version-manifest.json, or a ` +
    "checksums.sha256 with a checksums.sha256.minisig by a known key";
  return new UpdateError("UNTRUSTED", message, { source, reason: "unsigned" });
}
