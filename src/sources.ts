/**
 * Documents from the network, with a cache on disk that a server can confirm instead of sending them again.
 *
 * What comes out of the cache is as untrusted as what comes off the wire: it is verified anew each time, because it may
 * have expired since, or been changed (T18).
 *
 * @module
 */

import { type DurableRuntime, readFile, writeDurably } from "./durable.ts";
import { fetchBytes, type FetchBytesOptions, type FetchedBytes, type HttpRuntime } from "./http.ts";
import { folderOf, inFolder } from "./path.ts";
import { removeIfThere } from "./remove.ts";

/** Where fetched documents are kept; without a folder they are not. */
export interface CacheOptions {
  /** The folder's absolute path; made when something is to be kept. */
  readonly cacheFolder?: string | undefined;
  /** Asks for the whole document, whatever was kept of it. */
  readonly isWhole?: boolean | undefined;
  /** Told of each document that was kept, or could be. */
  readonly onDocument?: ((document: KeepableDocument) => void) | undefined;
}

/** A document and its place in the cache. */
export interface KeepableDocument {
  /** Its address. */
  readonly url: string;
  /** The path of its file. */
  readonly path: string;
  /** By what the server knows it again. */
  readonly etag: string;
  /** What was sent or kept. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether it came out of the cache. */
  readonly isKept: boolean;
}

const ETAG = /^(W\/)?"[\x21\x23-\x7e]{0,500}"$/;

/**
 * Fetches a document whole, or takes it from the cache when the server says that it has not changed.
 *
 * What is sent is not kept here: a server would confirm damaged bytes for ever. {@link keepDocument} does so once they
 * were accepted, {@link forgetDocument} takes out what was not. A damaged cache counts as none; so a server that answers
 * 304 without having been asked is an error.
 *
 * @param runtime `fetch`, files, clock, chance.
 * @param url Its address.
 * @param options As for `fetchBytes`, and the cache.
 * @returns Status, bytes and headers; a confirmed document has status 200.
 * @throws {UpdateError} As `fetchBytes`.
 */
export async function fetchDocument(
  runtime: HttpRuntime & DurableRuntime,
  url: string,
  options: FetchBytesOptions & CacheOptions,
): Promise<FetchedBytes> {
  const { cacheFolder: _, isWhole = false, onDocument, headers, acceptStatus = [200], ...rest } = options;
  const path = await pathFor(url, options);
  const kept = path === undefined || isWhole
    ? undefined
    : await readEntry(runtime, { url, path }, options.maxBytes);
  const answer = await fetchBytes(runtime, url, {
    ...rest,
    // Caches on the way must ask the server too: a stale manifest hides an update (T18).
    headers: { "cache-control": "no-cache", ...headers, ...(kept && { "if-none-match": kept.etag }) },
    acceptStatus: kept ? [...acceptStatus, 304] : acceptStatus,
  });
  const { status, etag, bytes } = answer;
  if (path === undefined) return answer;
  if (status === 304 && kept) {
    onDocument?.(kept);
    return { ...answer, status: 200, bytes: kept.bytes };
  }
  if (status === 200 && etag !== undefined && ETAG.test(etag)) {
    onDocument?.({ url, path, etag, bytes, isKept: false });
  }
  return answer;
}

/**
 * Takes a document from the cache without asking its server, for one that belongs to another that was confirmed.
 *
 * @param runtime Files.
 * @param url Its address.
 * @param options As it would be fetched.
 * @returns The bytes, `undefined` when they have to be fetched.
 */
export async function keptDocument(
  runtime: DurableRuntime,
  url: string,
  options: FetchBytesOptions & CacheOptions,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const path = await pathFor(url, options);
  const kept = path === undefined ? undefined : await readEntry(runtime, { url, path }, options.maxBytes);
  if (kept !== undefined) options.onDocument?.(kept);
  return kept?.bytes;
}

/** Servers answer differently with a token and by what is accepted, so that each combination has its own entry. */
async function pathFor(
  url: string,
  { cacheFolder, token = [], headers }: FetchBytesOptions & CacheOptions,
): Promise<string | undefined> {
  if (cacheFolder === undefined) return undefined;
  const key = JSON.stringify([url, token.length > 0, headers?.accept ?? ""]);
  const digest = await digestOf(new TextEncoder().encode(key));
  return inFolder(cacheFolder, `${digest.slice(0, 32)}.cache`);
}

/** The `ETag`, a space, the document's digest, a line feed, the document: the digest tells a damaged file from a good one. */
async function readEntry(
  runtime: DurableRuntime,
  place: Pick<KeepableDocument, "url" | "path">,
  maxBytes: number,
): Promise<KeepableDocument | undefined> {
  const file = await readFile(runtime.fs, place.path, maxBytes + 1024).catch(() => undefined);
  const end = file?.indexOf(0x0a) ?? -1;
  if (file === undefined || end < 0 || file.length - end - 1 > maxBytes) return undefined;
  const [etag = "", digest] = new TextDecoder().decode(file.subarray(0, end)).split(" ");
  const bytes = file.slice(end + 1);
  return ETAG.test(etag) && digest === await digestOf(bytes)
    ? { ...place, etag, bytes, isKept: true }
    : undefined;
}

/**
 * Keeps a document, so that the server can confirm it next time. Call it for what was accepted only.
 *
 * @param runtime Files, chance.
 * @param document As `onDocument` was told of it.
 */
export async function keepDocument(
  runtime: DurableRuntime,
  { path, etag, bytes }: KeepableDocument,
): Promise<void> {
  const head = new TextEncoder().encode(`${etag} ${await digestOf(bytes)}\n`);
  const file = new Uint8Array(head.length + bytes.length);
  file.set(head);
  file.set(bytes, head.length);
  try {
    await runtime.fs.makeDirectory(folderOf(path), 0o700);
    await writeDurably(runtime, path, file, { mode: 0o600 });
  } catch {
    // A read-only state folder costs a transfer next time, nothing else.
  }
}

/**
 * Takes a document out of the cache.
 *
 * @param runtime Files.
 * @param document As `onDocument` was told of it.
 */
export async function forgetDocument({ fs }: DurableRuntime, { path }: KeepableDocument): Promise<void> {
  await removeIfThere(fs, path).catch(() => {});
}

async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
