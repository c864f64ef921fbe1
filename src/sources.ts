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
import { inFolder } from "./path.ts";

/** Where fetched documents are kept; without a folder they are not. */
export interface CacheOptions {
  /** The folder's absolute path; made when something is to be kept. */
  readonly cacheFolder?: string | undefined;
}

/** What is kept of a document. */
interface Entry {
  readonly etag: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Fetches a document whole, or takes it from the cache when the server says that it has not changed.
 *
 * A damaged cache counts as none; so a server that answers 304 without having been asked is an error.
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
  const { cacheFolder, headers, acceptStatus = [200], ...rest } = options;
  const path = cacheFolder && inFolder(cacheFolder, await nameFor(url, options));
  const kept = path === undefined ? undefined : await readEntry(runtime, path, options.maxBytes);
  const answer = await fetchBytes(runtime, url, {
    ...rest,
    // Caches on the way must ask the server too: a stale manifest hides an update (T18).
    headers: { "cache-control": "no-cache", ...headers, ...(kept && { "if-none-match": kept.etag }) },
    acceptStatus: kept ? [...acceptStatus, 304] : acceptStatus,
  });
  if (answer.status === 304 && kept) return { ...answer, status: 200, bytes: kept.bytes };
  if (answer.status === 200 && answer.etag !== undefined && cacheFolder !== undefined && path !== undefined) {
    await keep(runtime, cacheFolder, path, { etag: answer.etag, bytes: answer.bytes });
  }
  return answer;
}

/** Servers answer differently with a token and by what is accepted, so that each combination has its own entry. */
async function nameFor(url: string, { token = [], headers }: FetchBytesOptions): Promise<string> {
  const key = JSON.stringify([url, token.length > 0, headers?.accept ?? ""]);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key)));
  return `${Array.from(digest.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("")}.cache`;
}

/** The `ETag`, a line feed, the document. */
async function readEntry(
  runtime: DurableRuntime,
  path: string,
  maxBytes: number,
): Promise<Entry | undefined> {
  const bytes = await readFile(runtime.fs, path, maxBytes + 1024).catch(() => undefined);
  const end = bytes?.indexOf(0x0a) ?? -1;
  if (bytes === undefined || end < 0 || bytes.length - end - 1 > maxBytes) return undefined;
  const etag = new TextDecoder("latin1").decode(bytes.subarray(0, end));
  return /^(W\/)?"[\x21\x23-\x7e]{0,500}"$/.test(etag) ? { etag, bytes: bytes.slice(end + 1) } : undefined;
}

async function keep(runtime: DurableRuntime, folder: string, path: string, entry: Entry): Promise<void> {
  if (!/^[\x20-\x7e]{1,500}$/.test(entry.etag)) return;
  const head = new TextEncoder().encode(`${entry.etag}\n`);
  const bytes = new Uint8Array(head.length + entry.bytes.length);
  bytes.set(head);
  bytes.set(entry.bytes, head.length);
  try {
    await runtime.fs.makeDirectory(folder, 0o700);
    await writeDurably(runtime, path, bytes, { mode: 0o600 });
  } catch {
    // A read-only state folder costs a transfer next time, nothing else.
  }
}
