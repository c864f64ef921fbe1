/**
 * A download that survives broken connections, dead mirrors and the end of the process.
 *
 * A partial file belongs to an expected digest: the caller names it after that. So it can be continued from any mirror,
 * and whatever goes wrong on the way, the digest of the whole file decides.
 *
 * @module
 */

import { parseContentRange } from "./content_range.ts";
import type { DurableRuntime } from "./durable.ts";
import { isFileError, isUpdateError, UpdateError } from "./errors.ts";
import {
  declaredLength,
  type HttpResponse,
  type HttpRuntime,
  requestOnce,
  type RequestOptions,
} from "./http.ts";
import { PROGRESS_BYTES, RETRIES } from "./limits.ts";
import { PartialFile } from "./partial_file.ts";
import { folderOf } from "./path.ts";
import { redactUrl } from "./redact.ts";
import { backoff, isTransient, pauseAfter } from "./retry.ts";

/** What is to be downloaded. */
export interface DownloadRequest {
  /** Where it is, in order of preference; all of them hold the same bytes. */
  readonly urls: readonly string[];
  /** The partial file's absolute path, different for every expected digest; the whole file is left there. */
  readonly path: string;
  /** How many bytes it has. */
  readonly size?: number | undefined;
  /** Its SHA-256 digest, in lower-case hexadecimal. */
  readonly sha256?: string | undefined;
  /** How many bytes are accepted at most. */
  readonly maxBytes: number;
}

/** How it is downloaded. */
export interface DownloadOptions
  extends Pick<RequestOptions, "token" | "allowInsecure" | "patience" | "cooldown" | "signal" | "retries"> {
  /** Called for every chunk with the bytes here so far and the bytes there will be. What it throws ends the download. */
  readonly onProgress?: ((receivedBytes: number, totalBytes: number | undefined) => void) | undefined;
  /** What kind of file is asked for; `application/octet-stream` makes GitHub's API send the file, not its description. */
  readonly accept?: string | undefined;
}

/** A complete file. */
export interface Downloaded {
  /** The digest of the whole file. */
  readonly sha256: string;
  /** Its size in bytes. */
  readonly size: number;
  /** Which of the addresses completed it. */
  readonly source: string;
  /** How many bytes of bodies this call received, repeated ones included. */
  readonly transferredBytes: number;
}

/** The parts of a runtime that a download needs. */
export type DownloadRuntime = HttpRuntime & DurableRuntime;

/**
 * Downloads a file, continuing whatever is already at its path.
 *
 * On success the whole file is at `request.path`, with its digest computed over every byte; it has not been flushed to
 * the disk. When it fails, what has arrived stays for the next call, unless it was found to be wrong.
 *
 * @param runtime `fetch`, files, clock, chance.
 * @param request What and where.
 * @param options Signal, progress, secrets, timers, retries per source.
 * @throws {UpdateError} `DIGEST_MISMATCH` and `SIZE_MISMATCH` when a source sent other bytes (nothing is kept);
 * otherwise the failure of the first source (what has arrived is kept). With several sources all failures are in
 * `cause`. `DISK_FULL` and `NOT_WRITABLE` for the folder.
 */
export async function download(
  runtime: DownloadRuntime,
  request: DownloadRequest,
  options: DownloadOptions = {},
): Promise<Downloaded> {
  const [first] = request.urls;
  if (first === undefined) throw new RangeError("Cannot download a file: there is no address for it");
  options.signal?.throwIfAborted();
  if (request.size !== undefined && request.size > request.maxBytes) throw tooLarge(first, request);
  try {
    const partial = await PartialFile.open(runtime, request.path, {
      signal: options.signal,
      maxBytes: request.size ?? request.maxBytes,
    });
    return await new Download(runtime, request, options, partial).run();
  } catch (error) {
    throw await fileFailure(runtime, request, error);
  }
}

/** One address and how it has behaved. */
interface Source {
  readonly url: string;
  attempts: number;
  /** Failures since it last brought anything new. */
  failures: number;
  /** Not to be asked before, in milliseconds since the epoch. */
  notBefore: number;
  /** It cannot continue a file, or what it said when asked to made no sense: only the whole file is asked for. */
  wholeOnly: boolean;
  /** Why it is not asked any more. */
  dead: UpdateError | undefined;
}

class Download {
  readonly #runtime: DownloadRuntime;
  readonly #request: DownloadRequest;
  readonly #options: DownloadOptions;
  readonly #partial: PartialFile;
  readonly #sources: Source[];
  /** Who sent the bytes that are in the file; `undefined` stands for an earlier call. */
  #contributors: Set<Source | undefined>;
  #total: number | undefined;
  #furthest: number;
  #transferred = 0;
  #mixedMismatches = 0;

  constructor(
    runtime: DownloadRuntime,
    request: DownloadRequest,
    options: DownloadOptions,
    partial: PartialFile,
  ) {
    this.#runtime = runtime;
    this.#request = request;
    this.#options = options;
    this.#partial = partial;
    this.#total = request.size;
    this.#furthest = partial.size;
    this.#contributors = new Set(partial.size > 0 ? [undefined] : []);
    this.#sources = request.urls.map((url) => ({
      url,
      attempts: 0,
      failures: 0,
      notBefore: 0,
      wholeOnly: false,
      dead: undefined,
    }));
  }

  async run(): Promise<Downloaded> {
    try {
      for (let source = this.#sources[0];;) {
        if (this.#partial.size === this.#total) {
          const done = await this.#verified(source);
          if (done !== undefined) return done;
        }
        source = await this.#nextSource();
        await this.#tryFrom(source);
      }
    } catch (error) {
      const wrong = isUpdateError(error) &&
        (error.code === "DIGEST_MISMATCH" || error.code === "SIZE_MISMATCH");
      if (wrong || this.#partial.size === 0) await this.#partial.remove();
      throw error;
    } finally {
      this.#partial.close();
    }
  }

  async #verified(source: Source | undefined): Promise<Downloaded | undefined> {
    const { sha256: expected, urls: [first = ""] } = this.#request;
    const sha256 = await this.#partial.finish();
    const url = source?.url ?? first;
    if (sha256 !== undefined && (expected === undefined || sha256 === expected)) {
      await this.#partial.removeNotes();
      return { sha256, size: this.#partial.size, source: url, transferredBytes: this.#transferred };
    }
    await this.#blame(sha256 ?? "unknown: another process wrote to the file");
    return undefined;
  }

  /** Bytes from one source are its fault; from several, or from an earlier call, they get a second chance. */
  async #blame(actual: string): Promise<void> {
    const guilty = [...this.#contributors];
    await this.#restart();
    this.#furthest = 0;
    const mixed = guilty.length !== 1 || guilty[0] === undefined;
    if (mixed && ++this.#mixedMismatches <= 1) return;
    const sources = mixed ? this.#sources : guilty;
    for (const source of sources) if (source) source.dead ??= this.#digestMismatch(source, actual);
  }

  /** The one that failed least, after its pause; while there is something to continue, one that can continue it. */
  async #nextSource(): Promise<Source> {
    const live = this.#sources.filter(({ dead }) => dead === undefined);
    const rank = ({ wholeOnly, failures, notBefore }: Source): number[] => [
      wholeOnly && this.#partial.size > 0 ? 1 : 0,
      failures,
      notBefore,
    ];
    const [best] = live.toSorted((a, b) => compareRanks(rank(a), rank(b)));
    if (best === undefined) throw this.#failure();
    const pause = best.notBefore - this.#runtime.now();
    if (pause > 0) await this.#runtime.wait(pause, this.#options.signal);
    this.#options.signal?.throwIfAborted();
    return best;
  }

  async #tryFrom(source: Source): Promise<void> {
    source.attempts++;
    try {
      await this.#fetchFrom(source);
    } catch (error) {
      if (!isUpdateError(error)) throw error;
      this.#countFailure(source, error);
    }
  }

  #countFailure(source: Source, error: UpdateError): void {
    const gained = this.#partial.size - this.#furthest;
    source.failures = gained >= PROGRESS_BYTES ? 0 : source.failures + 1;
    this.#furthest = Math.max(this.#furthest, this.#partial.size);
    const { retries = RETRIES } = this.#options;
    const pause = source.failures === 0 && isTransient(error)
      ? backoff(this.#runtime, 1)
      : source.failures > retries
      ? undefined
      : pauseAfter(this.#runtime, error, source.failures);
    if (pause === undefined) source.dead = error;
    else source.notBefore = this.#runtime.now() + pause;
  }

  async #fetchFrom(source: Source): Promise<void> {
    const validator = this.#partial.validatorOf(source.url);
    const bound = this.#request.sha256 !== undefined || validator !== undefined;
    if (this.#partial.size > 0 && (source.wholeOnly || !bound)) await this.#restart();
    const offset = this.#partial.size;
    const response = await this.#ask(source, offset, validator);
    try {
      if (await this.#fits(source, response, offset, validator)) await this.#receive(source, response);
    } finally {
      await response.cancel();
    }
  }

  #ask(source: Source, offset: number, validator: string | undefined): Promise<HttpResponse> {
    const { accept, ...options } = this.#options;
    const headers = {
      ...(accept === undefined ? {} : { accept }),
      ...(offset === 0 ? {} : { range: `bytes=${offset}-` }),
      ...(offset === 0 || validator === undefined ? {} : { "if-range": validator }),
    };
    const acceptStatus = offset === 0 ? [200] : [200, 206, 416];
    return requestOnce(this.#runtime, source.url, { ...options, headers, acceptStatus }, source.attempts);
  }

  /** Whether the answer's body belongs at the end of what is here; prepares the file for it. */
  async #fits(
    source: Source,
    response: HttpResponse,
    offset: number,
    validator: string | undefined,
  ): Promise<boolean> {
    if (response.status === 200) return await this.#fitsWhole(source, response, offset);
    const range = parseContentRange(response.headers.get("content-range"));
    if (response.status === 416) {
      if (range?.total !== undefined) this.#checkTotal(source, range.total);
      if (range?.total === offset) this.#total = offset;
      else source.wholeOnly = true;
      return false;
    }
    const etag = response.headers.get("etag");
    const usable = range?.start === offset && rangeLengthFits(response, range.end) &&
      (validator === undefined || etag === null || etag === validator) &&
      (range.total === undefined || this.#total === undefined || this.#request.size !== undefined ||
        range.total === this.#total);
    if (!usable) {
      source.wholeOnly = true;
      return false;
    }
    if (range.total !== undefined) this.#checkTotal(source, range.total);
    this.#total ??= range.total;
    if (validator === undefined) await this.#partial.remember(source.url, etag);
    return true;
  }

  /** A whole file: the answer to a first request, or of a server that cannot continue or has another version now. */
  async #fitsWhole(source: Source, response: HttpResponse, offset: number): Promise<boolean> {
    const length = declaredLength(response);
    if (length !== undefined) this.#checkTotal(source, length);
    if (offset > 0) {
      source.wholeOnly = true;
      if (this.#sources.some(({ dead, wholeOnly }) => dead === undefined && !wholeOnly)) return false;
      await this.#restart();
    }
    this.#total ??= length;
    if (!source.wholeOnly) await this.#partial.remember(source.url, response.headers.get("etag"));
    return true;
  }

  async #receive(source: Source, response: HttpResponse): Promise<void> {
    const { onProgress } = this.#options;
    const range = response.status === 206
      ? parseContentRange(response.headers.get("content-range"))
      : undefined;
    const end = range?.end === undefined ? undefined : range.end + 1;
    this.#contributors.add(source);
    onProgress?.(this.#partial.size, this.#total);
    for (let chunk = await response.read(); chunk !== undefined; chunk = await response.read()) {
      this.#transferred += chunk.length;
      const size = this.#partial.size + chunk.length;
      if (size > (end ?? this.#total ?? this.#request.maxBytes)) {
        await this.#overflow(source, size, end);
        return;
      }
      this.#partial.append(chunk);
      onProgress?.(size, this.#total);
    }
    this.#total ??= this.#partial.size;
    if (this.#partial.size < this.#total) throw this.#endedEarly(source);
  }

  /** More bytes than announced: nothing of it can be trusted. */
  async #overflow(source: Source, size: number, end: number | undefined): Promise<void> {
    const total = this.#total;
    await this.#restart();
    if (end !== undefined && (total === undefined || size <= total)) {
      source.wholeOnly = true;
      return;
    }
    if (total !== undefined) throw this.#sizeMismatch(source, total, size);
    throw tooLarge(source.url, this.#request);
  }

  #checkTotal(source: Source, total: number): void {
    const { size, maxBytes } = this.#request;
    if (size !== undefined && total !== size) throw this.#sizeMismatch(source, size, total);
    if (total > maxBytes) throw tooLarge(source.url, this.#request);
  }

  async #restart(): Promise<void> {
    await this.#partial.restart();
    this.#contributors = new Set();
    this.#total = this.#request.size;
  }

  /** What to tell when no source is left: wrong bytes before anything else, then the first source's failure. */
  #failure(): unknown {
    const failures = this.#sources.flatMap(({ dead }) => dead ?? []);
    const wrong = failures.find(({ code }) => code === "DIGEST_MISMATCH" || code === "SIZE_MISMATCH");
    const failure = wrong ?? failures[0];
    if (failure === undefined || failures.length === 1) return failure;
    const all = new AggregateError(failures, `All ${failures.length} sources failed`);
    const message = `${failure.message}; ${failures.length - 1} more sources failed`;
    return new UpdateError(failure.code, message, failure.details, { cause: all });
  }

  #digestMismatch(source: Source, actual: string): UpdateError<"DIGEST_MISMATCH"> {
    const { sha256: expected = "", path: file } = this.#request;
    const shown = redactUrl(source.url);
    const message = `The file from ${shown} is not the published one: its SHA-256 is ${actual}, expected ` +
      `${expected}; it was removed, try again and then tell the publisher`;
    return new UpdateError("DIGEST_MISMATCH", message, { expected, actual, file, source: shown });
  }

  #sizeMismatch(source: Source, expected: number, actual: number): UpdateError<"SIZE_MISMATCH"> {
    const shown = redactUrl(source.url);
    const message =
      `The file from ${shown} is not the published one: it has ${actual} bytes or more, expected ` +
      `${expected}; tell the publisher`;
    return new UpdateError("SIZE_MISMATCH", message, {
      expected,
      actual,
      file: this.#request.path,
      source: shown,
    });
  }

  #endedEarly(source: Source): UpdateError<"NETWORK"> {
    const url = redactUrl(source.url);
    const message =
      `Cannot fetch ${url}: the connection ended after ${this.#partial.size} of ${this.#total} bytes ` +
      `(tried ${source.attempts} times)`;
    return new UpdateError("NETWORK", message, { url, attempts: source.attempts });
  }
}

function compareRanks(a: number[], b: number[]): number {
  const index = a.findIndex((value, at) => value !== b[at]);
  return index < 0 ? 0 : (a[index] ?? 0) - (b[index] ?? 0);
}

/** Whether the length a 206 declares is the one of its range, and its bytes are the file's own, not encoded ones. */
function rangeLengthFits(response: HttpResponse, end: number | undefined): boolean {
  const encoding = response.headers.get("content-encoding") ?? "identity";
  const range = parseContentRange(response.headers.get("content-range"));
  const length = declaredLength(response);
  if (encoding.toLowerCase() !== "identity" || range?.start === undefined || end === undefined) return false;
  return length === undefined || length === end - range.start + 1;
}

function tooLarge(url: string, { maxBytes }: DownloadRequest): UpdateError<"TOO_LARGE"> {
  const source = redactUrl(url);
  const message = `Cannot download ${source}: it is larger than ${maxBytes} bytes`;
  return new UpdateError("TOO_LARGE", message, { what: "download", limit: maxBytes, source });
}

/** A failure of the file system, in the words of what the user can do about it. */
async function fileFailure(
  { fs }: DownloadRuntime,
  { path, size }: DownloadRequest,
  error: unknown,
): Promise<unknown> {
  if (!isFileError(error, "full", "denied", "read-only")) return error;
  const folder = folderOf(path);
  if (error.kind !== "full") {
    return new UpdateError(
      "NOT_WRITABLE",
      `Cannot write to ${folder}: it is ${error.kind}`,
      { path: folder },
      {
        cause: error,
      },
    );
  }
  const available = await fs.freeSpace(folder).catch(() => undefined);
  const message =
    `Cannot download to ${folder}: the disk is full; needed ${size ?? "an unknown number of"} ` +
    `bytes, available ${available ?? "unknown"}`;
  return new UpdateError("DISK_FULL", message, { path: folder, needed: size, available }, { cause: error });
}
