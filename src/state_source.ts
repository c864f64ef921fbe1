/**
 * One source asked for its manifest.
 *
 * @module
 */

import { UpdateError } from "./errors.ts";
import { githubManifestAddress, parseGithubSource } from "./github_source.ts";
import { MANIFEST_BYTES, ROOT_BYTES, SIGNATURE_BYTES } from "./limits.ts";
import { type Manifest, parseManifest } from "./manifest.ts";
import type { SourceOptions, StepOptions, TrustOptions } from "./options.ts";
import { redactUrl } from "./redact.ts";
import type { Runtime } from "./runtime/types.ts";
import { readAccepted } from "./sources_accepted.ts";
import type { VerifyChecksums } from "./sources_github.ts";
import type { Reader, ReaderOptions } from "./sources_reader.ts";
import { stateDirectoryOf } from "./state_directory.ts";
import { type Trust, trustStore } from "./state_trust.ts";
import type { SignedBytes } from "./trust.ts";

/** How a source is asked. */
export type FindOptions = StepOptions & TrustOptions & SourceOptions;

/** An acceptable manifest. */
export interface Found {
  /** The manifest. */
  readonly manifest: Manifest;
  /** The digest of its bytes, where the trust rules keep one. */
  readonly sha256: string | undefined;
  /** Keeps what the trust rules want to know next time. */
  readonly remember: () => Promise<void>;
}

/** From the address of a manifest; that of GitHub's newest release needs no API. */
export async function findManifest(
  runtime: Runtime,
  source: string,
  trust: Trust,
  options: FindOptions,
): Promise<Found> {
  const url = addressOf(source);
  if (url === undefined) throw notFound(source);
  return await fetchFrom(runtime, { url, signatureUrl: signatureOf(url), base: url }, trust, options);
}

/** From GitHub's API, for repositories whose newest release has no manifest, or is not this program's. */
export async function findReleases(
  runtime: Runtime,
  source: string,
  trust: Trust,
  options: FindOptions,
): Promise<Found> {
  const repository = parseGithubSource(source);
  // A publisher who has signed manifests before goes on doing so: without one something is being hidden (T2, T3).
  const state = trust.isSigned ? await trustStore(runtime, options).read() : undefined;
  if (repository === undefined || state?.manifest !== undefined) throw notFound(source);
  const { githubDocument } = await import("./sources_github.ts");
  const found = await readAccepted(runtime, readerOptions(runtime, trust, options), async (reader) => {
    const answer = await githubDocument(repository, {
      fetch: reader.fetch,
      hasToken: options.githubToken !== undefined,
      verifyChecksums: checksumsVerifier(runtime, trust, options, reader),
    });
    if (answer.kind === "address") return answer;
    const { document, source: shown, trust: verdict } = answer;
    return parseManifest(document, { source: shown, base: shown, trust: verdict });
  });
  if ("kind" in found) return await fetchFrom(runtime, found, trust, options);
  return { manifest: found, sha256: undefined, remember: () => Promise.resolve() };
}

/** Releases without a manifest have no sequence and no end: their signed digests protect from nothing but forgery. */
function checksumsVerifier(
  runtime: Runtime,
  trust: Trust,
  options: FindOptions,
  { read }: Reader,
): VerifyChecksums | undefined {
  const { verifyFile } = trust.policy;
  if (!trust.isSigned || verifyFile === undefined) return undefined;
  const store = trustStore(runtime, options);
  return async (bytes, signature, url, base) => {
    const file = { bytes, signature, source: redactUrl(url), name: "checksums.sha256" };
    const { verdict } = await verifyFile(file, {
      now: runtime.now(),
      state: await store.read(),
      fetchRoot: rootsBeside(base, read),
      fetchSignature: signaturesBeside(base, read),
      persist: store.write,
    });
    return verdict;
  };
}

/** Where a manifest and its signature are, and what relative addresses in it are relative to. */
interface Place {
  readonly url: string;
  readonly signatureUrl: string | undefined;
  readonly base: string;
}

function fetchFrom(runtime: Runtime, place: Place, trust: Trust, options: FindOptions): Promise<Found> {
  return readAccepted(
    runtime,
    readerOptions(runtime, trust, options),
    (reader) => judgeAt(runtime, place, trust, options, reader),
  );
}

async function judgeAt(
  runtime: Runtime,
  { url, signatureUrl, base }: Place,
  { policy, isSigned }: Trust,
  options: FindOptions,
  { read }: Reader,
): Promise<Found> {
  const source = redactUrl(url);
  // GitHub's API sends a file's description unless it is asked for its bytes.
  const headers = { accept: "application/octet-stream" };
  const bytes = await read(url, { what: "manifest", maxBytes: MANIFEST_BYTES, headers });
  if (bytes === undefined) throw notFound(source);
  const signature = isSigned && signatureUrl !== undefined
    ? await read(signatureUrl, { what: "signature", maxBytes: SIGNATURE_BYTES, headers, signs: url })
    : undefined;
  const store = isSigned ? trustStore(runtime, options) : undefined;
  const state = await store?.read();
  const outcome = await policy.verify(
    { bytes, signature, source },
    {
      now: runtime.now(),
      state,
      fetchRoot: rootsBeside(base, read),
      fetchSignature: signaturesBeside(base, read),
      ...(store === undefined ? {} : { persist: store.write }),
    },
  );
  const after = outcome.state;
  return {
    manifest: parseManifest(outcome.document, { source, base, trust: outcome.verdict }),
    sha256: after?.manifest?.sha256,
    remember: async () => {
      if (store !== undefined && after !== undefined && after !== state) await store.write(after);
    },
  };
}

/** Without signatures nothing has to be remembered, so that a program without a state folder needs none. */
function readerOptions(runtime: Runtime, { isSigned }: Trust, options: FindOptions): ReaderOptions {
  const keeps = isSigned || options.stateDirectory !== undefined;
  return {
    allowInsecure: options.allowInsecure ?? false,
    signal: options.signal,
    githubToken: options.githubToken,
    stateDirectory: keeps ? stateDirectoryOf(runtime, options) : undefined,
  };
}

/** `undefined` where only GitHub's API knows. */
export function addressOf(source: string): string | undefined {
  const repository = parseGithubSource(source);
  if (repository !== undefined) return githubManifestAddress(repository);
  if (!URL.canParse(source) || source.startsWith("github:")) {
    throw new TypeError(`Cannot use the source: current value is ${JSON.stringify(source)}`);
  }
  const url = new URL(source);
  return url.protocol === "file:" && url.pathname.endsWith("/")
    ? new URL("version-manifest.json", url).href
    : url.href;
}

/** The signature lies beside its file; what an address asks for besides its path, it asks for both. */
function signatureOf(address: string): string {
  const url = new URL(address);
  url.pathname += ".minisig";
  return url.href;
}

/** Roots lie beside the manifest, as `2.root.json`, each with its signature; what its address asks for, theirs do too. */
function rootsBeside(
  base: string,
  read: Reader["read"],
): (version: number) => Promise<SignedBytes | undefined> {
  return async (version) => {
    const address = new URL(`${version}.root.json`, base);
    address.search = new URL(base).search;
    const url = address.href;
    const bytes = await read(url, { what: "root", maxBytes: ROOT_BYTES, isCached: false });
    if (bytes === undefined) return undefined;
    const signed = { what: "signature", maxBytes: SIGNATURE_BYTES, isCached: false };
    const signature = await read(signatureOf(url), signed);
    return { bytes, signature };
  };
}

/** Signatures of other kinds, for policies that ask for them. */
function signaturesBeside(
  address: string,
  read: Reader["read"],
): (suffix: string) => Promise<Uint8Array<ArrayBuffer> | undefined> {
  return async (suffix) => {
    const url = new URL(address);
    url.pathname += suffix;
    return await read(url.href, { what: "signature", maxBytes: SIGNATURE_BYTES });
  };
}

function notFound(source: string): UpdateError<"HTTP_STATUS"> {
  return new UpdateError("HTTP_STATUS", `Cannot find a manifest at ${source}: there is no such file`, {
    url: source,
    status: 404,
  });
}
