/**
 * Reads the documents of a source, from the network or from a folder.
 *
 * @module
 */

import { GITHUB_API } from "./address.ts";
import { openCooldown } from "./cooldown.ts";
import { readFile } from "./durable.ts";
import { isFileError, UpdateError } from "./errors.ts";
import type { FetchedBytes, OriginToken, PlainHeader } from "./http.ts";
import { inFolder, pathOfSource } from "./path.ts";
import type { Runtime } from "./runtime/types.ts";
import {
  fetchDocument,
  forgetDocument,
  type KeepableDocument,
  keepDocument,
  keptDocument,
} from "./sources.ts";

/** How sources are reached. */
export interface ReaderOptions {
  readonly allowInsecure: boolean;
  readonly signal: AbortSignal | undefined;
  /** A token for GitHub's API. */
  readonly githubToken: string | undefined;
  /** Where the cache and the servers' pauses are kept; nowhere without it. */
  readonly stateDirectory: string | undefined;
  /** Asks for whole documents, whatever is in the cache. */
  readonly isWhole?: boolean | undefined;
}

/** One document. */
export interface DocumentRequest {
  /** What it is, for messages. */
  readonly what: string;
  readonly maxBytes: number;
  readonly headers?: Partial<Record<PlainHeader, string>> | undefined;
  /** The address of the document that it signs. While a server confirms that one, the signature is not asked for. */
  readonly signs?: string | undefined;
  /**
   * Whether it goes into the cache. Of no use there is what the trust state holds from then on, and looking for it costs
   * a third of a millisecond.
   * @default true
   */
  readonly isCached?: boolean | undefined;
}

/** Reads documents. */
export interface Reader {
  /** The document's bytes, or `undefined` when there is none at the address. */
  read(url: string, request: DocumentRequest): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** The whole answer of a web server, which must have the document. */
  fetch(url: string, request: DocumentRequest): Promise<FetchedBytes>;
  /** Keeps what was sent, for the servers to confirm next time; for documents that were accepted. */
  keep(): Promise<void>;
  /** Takes out of the cache what servers have confirmed, for documents that were refused. True when it held something. */
  forget(): Promise<boolean>;
}

/**
 * Makes a reader.
 *
 * @param runtime `fetch`, files, clock, chance.
 * @param options How sources are reached.
 */
export function sourceReader(runtime: Runtime, options: ReaderOptions): Reader {
  const { stateDirectory, githubToken, allowInsecure, signal, isWhole } = options;
  const documents: KeepableDocument[] = [];
  const shared = {
    allowInsecure,
    signal,
    isWhole,
    onDocument: (document: KeepableDocument) => void documents.push(document),
    token: githubTokens(githubToken),
    cooldown: stateDirectory === undefined ? undefined : openCooldown(runtime, stateDirectory),
    cacheFolder: stateDirectory === undefined ? undefined : inFolder(stateDirectory, "cache"),
  };
  return {
    async read(url, { signs, isCached = true, ...request }) {
      if (url.startsWith("file:")) return await readLocal(runtime, url, request);
      const cache = isCached ? {} : { cacheFolder: undefined };
      const asked = { ...shared, ...cache, ...request, acceptStatus: [200, 404] };
      // What signed the same bytes before signs them still; refused, it is asked for anew like all that was kept.
      const isConfirmed = documents.some((document) => document.isKept && document.url === signs);
      const kept = isConfirmed ? await keptDocument(runtime, url, asked) : undefined;
      if (kept !== undefined) return kept;
      const answer = await fetchDocument(runtime, url, asked);
      return answer.status === 404 ? undefined : answer.bytes;
    },
    fetch: (url, request) => fetchDocument(runtime, url, { ...shared, ...request }),
    async keep() {
      for (const document of documents) if (!document.isKept) await keepDocument(runtime, document);
    },
    async forget() {
      const kept = documents.filter(({ isKept }) => isKept);
      for (const document of kept) await forgetDocument(runtime, document);
      return kept.length > 0;
    },
  };
}

/**
 * A token for GitHub's API, bound to that origin: neither github.com nor the hosts it redirects to ever see it (T16).
 *
 * @param token The token, if there is one.
 */
export function githubTokens(token: string | undefined): OriginToken[] {
  return token === undefined ? [] : [{ origin: GITHUB_API, value: `Bearer ${token}` }];
}

async function readLocal(
  runtime: Runtime,
  url: string,
  { what, maxBytes }: DocumentRequest,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const path = pathOfSource(url, runtime.os);
  const unreadable = (why: string, cause?: unknown) => {
    const message = `Cannot read the ${what} at ${path}: ${why}`;
    return new UpdateError("NETWORK", message, { url, attempts: 1 }, { cause });
  };
  const info = await runtime.fs.stat(path).catch(() => undefined);
  if (info?.kind === "directory") throw unreadable("it is a folder; end its address with a slash");
  const bytes = await readFile(runtime.fs, path, maxBytes).catch((error: unknown) => {
    if (!isFileError(error)) throw error;
    throw unreadable(error.message, error);
  });
  if (bytes === undefined || bytes.length <= maxBytes) return bytes;
  const message = `Cannot read the ${what} at ${path}: it is larger than ${maxBytes} bytes`;
  throw new UpdateError("TOO_LARGE", message, { what, limit: maxBytes, source: url });
}
