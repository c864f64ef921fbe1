/**
 * Step 1: from an address to a manifest that may be acted upon.
 *
 * @module
 */

import { readFile, writeDurably } from "./durable.ts";
import { isFileError, isUpdateError, UpdateError } from "./errors.ts";
import { fetchBytes } from "./http.ts";
import { MANIFEST_BYTES, ROOT_BYTES, SIGNATURE_BYTES, STATE_BYTES } from "./limits.ts";
import { type Manifest, parseManifest } from "./manifest.ts";
import type { SourceOptions, StepOptions, TrustOptions } from "./options.ts";
import { inFolder } from "./path.ts";
import { redactUrl } from "./redact.ts";
import { systemRuntime } from "./runtime/default.ts";
import type { Runtime } from "./runtime/types.ts";
import { stateDirectoryOf } from "./state_directory.ts";
import {
  parseTrustState,
  serialiseTrustState,
  signedBy,
  type SignedBytes,
  type TrustPolicy,
  type TrustState,
  unsigned,
} from "./trust.ts";

/** Where a manifest comes from: `https://…`, `file:///…` or `github:owner/repo`; several are tried in order. */
export type Source = string | readonly string[];

/** Options of {@link fetchManifest}. */
export interface FetchManifestOptions extends StepOptions, TrustOptions, SourceOptions {}

/**
 * Fetches a manifest, checks it by the trust rules and reads it.
 *
 * With keys or a root, an accepted manifest is signed by its publisher for this program, not older than one seen
 * before, and not expired. Without, it is only well-formed, and nothing can be installed from it unless
 * `downloadVerified` is told to allow that. Addresses are tried in order; the first that gives an acceptable manifest
 * counts.
 *
 * Permissions: network access to the source; reading and writing the state folder when keys or a root are given.
 *
 * @example Read a manifest from a folder
 * ```ts
 * import { fetchManifest } from "@cco/updater";
 * import assert from "node:assert/strict";
 * import { mkdtemp, rm, writeFile } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { pathToFileURL } from "node:url";
 *
 * const folder = await mkdtemp(join(tmpdir(), "manifest-"));
 * const path = join(folder, "version-manifest.json");
 * await writeFile(path, JSON.stringify({ latest: { stable: "1.5.0" }, versions: { "1.5.0": {} } }));
 *
 * const manifest = await fetchManifest(pathToFileURL(path).href);
 * assert.equal(manifest.latest.get("stable"), "1.5.0");
 * await rm(folder, { recursive: true });
 * ```
 *
 * @param source Where it comes from.
 * @param options Whom to trust and how to reach the source.
 * @returns The manifest.
 * @throws {UpdateError} `NETWORK`, `TIMEOUT`, `HTTP_STATUS`, `RATE_LIMITED`, `ADDRESS_REFUSED`, `TOO_LARGE`,
 *   `UNTRUSTED`, `MANIFEST_INVALID`, `MANIFEST_TOO_NEW`: of the first source, with the others' errors as its `cause`.
 * @throws {TypeError} When a source is no address, or keys are given without `app`.
 */
export async function fetchManifest(source: Source, options: FetchManifestOptions = {}): Promise<Manifest> {
  const sources = typeof source === "string" ? [source] : [...source];
  if (sources.length === 0) throw new TypeError("Cannot fetch a manifest: current value is an empty list");
  const runtime = options.runtime ?? systemRuntime();
  const trust = trustOf(options);
  const failures: unknown[] = [];
  for (const candidate of sources) {
    try {
      return await fetchFrom(runtime, candidate, trust, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!isUpdateError(error)) throw error;
      failures.push(error);
    }
  }
  throw firstOf(failures);
}

interface Trust {
  readonly policy: TrustPolicy;
  /** Whether signatures and state count. */
  readonly isSigned: boolean;
}

function trustOf(options: TrustOptions): Trust {
  const { app, keys, threshold, root, minimumSequence, trust } = options;
  if (trust !== undefined) return { policy: trust, isSigned: true };
  if (root === undefined && (keys === undefined || keys.length === 0)) {
    return { policy: unsigned({ app }), isSigned: false };
  }
  if (app === undefined) throw new TypeError("Cannot check signatures: current value of `app` is undefined");
  return { policy: signedBy({ app, keys, threshold, root, minimumSequence }), isSigned: true };
}

async function fetchFrom(
  runtime: Runtime,
  source: string,
  { policy, isSigned }: Trust,
  options: FetchManifestOptions,
): Promise<Manifest> {
  const address = addressOf(source);
  const shown = redactUrl(address);
  const read = (url: string, what: string, maxBytes: number) =>
    readAddress(runtime, url, { what, maxBytes, options });
  const bytes = await read(address, "manifest", MANIFEST_BYTES);
  if (bytes === undefined) throw notFound(shown);
  const store = isSigned ? trustStore(runtime, options) : undefined;
  const state = await store?.read();
  const outcome = await policy.verify(
    {
      bytes,
      signature: isSigned ? await read(signatureOf(address), "signature", SIGNATURE_BYTES) : undefined,
      source: shown,
    },
    {
      now: runtime.now(),
      state,
      fetchRoot: (version) => fetchRoot(new URL(`${version}.root.json`, address).href, read),
      ...(store === undefined ? {} : { persist: store.write }),
    },
  );
  const manifest = parseManifest(outcome.document, { source: shown, base: address, trust: outcome.verdict });
  if (store !== undefined && outcome.state !== undefined && outcome.state !== state) {
    await store.write(outcome.state);
  }
  return manifest;
}

/** GitHub answers this address without its API, so without its rate limit. */
function addressOf(source: string): string {
  const github = /^github:([\w.-]+)\/([\w.-]+)$/.exec(source);
  if (github !== null) {
    return `https://github.com/${github[1]}/${github[2]}/releases/latest/download/version-manifest.json`;
  }
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

async function readAddress(
  runtime: Runtime,
  url: string,
  { what, maxBytes, options }: { what: string; maxBytes: number; options: FetchManifestOptions },
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (url.startsWith("file:")) return await readLocal(runtime, url, what, maxBytes);
  const { status, bytes } = await fetchBytes(runtime, url, {
    what,
    maxBytes,
    acceptStatus: [200, 404],
    allowInsecure: options.allowInsecure ?? false,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  return status === 404 ? undefined : bytes;
}

async function readLocal(
  runtime: Runtime,
  url: string,
  what: string,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { fileURLToPath } = await import("node:url");
  const path = fileURLToPath(url, { windows: runtime.os === "windows" });
  const bytes = await readFile(runtime.fs, path, maxBytes).catch((error: unknown) => {
    if (!isFileError(error)) throw error;
    const message = `Cannot read the ${what} at ${path}: ${error.message}`;
    throw new UpdateError("NETWORK", message, { url, attempts: 1 }, { cause: error });
  });
  if (bytes === undefined || bytes.length <= maxBytes) return bytes;
  const message = `Cannot read the ${what} at ${path}: it is larger than ${maxBytes} bytes`;
  throw new UpdateError("TOO_LARGE", message, { what, limit: maxBytes, source: url });
}

async function fetchRoot(
  url: string,
  read: (url: string, what: string, maxBytes: number) => Promise<Uint8Array<ArrayBuffer> | undefined>,
): Promise<SignedBytes | undefined> {
  const bytes = await read(url, "root", ROOT_BYTES);
  if (bytes === undefined) return undefined;
  return { bytes, signature: await read(signatureOf(url), "signature", SIGNATURE_BYTES) };
}

/** The trust state on disk. Damaged state counts as none: what is compiled into the program still holds (T35). */
function trustStore(
  runtime: Runtime,
  options: FetchManifestOptions,
): { read: () => Promise<TrustState | undefined>; write: (state: TrustState) => Promise<void> } {
  const folder = stateDirectoryOf(runtime, options);
  const path = inFolder(folder, "trust.json");
  return {
    read: async () => parseTrustState(await readFile(runtime.fs, path, STATE_BYTES)).state,
    write: async (state) => {
      await runtime.fs.makeDirectory(folder, 0o700);
      await writeDurably(runtime, path, serialiseTrustState(state), { mode: 0o600 });
    },
  };
}

function notFound(source: string): UpdateError<"HTTP_STATUS"> {
  return new UpdateError("HTTP_STATUS", `Cannot find a manifest at ${source}: there is no such file`, {
    url: source,
    status: 404,
  });
}

/** The first source is the one the publisher prefers: its failure is the one to act upon. */
function firstOf(failures: unknown[]): unknown {
  const [first, ...others] = failures;
  if (others.length > 0 && first instanceof Error) {
    const errors = first.cause === undefined ? others : [first.cause, ...others];
    first.cause = new AggregateError(errors, "The other sources failed too");
  }
  return first;
}
