/**
 * A download that survives broken connections, dead mirrors and the end of the process.
 *
 * A partial file belongs to an expected digest: the caller names it after that. So it can be continued from any mirror,
 * and whatever goes wrong on the way, the digest of the whole file decides.
 *
 * @module
 */

import type { DurableRuntime } from "./durable.ts";
import { isUpdateError } from "./errors.ts";
import { type HttpResponse, type HttpRuntime, requestOnce } from "./http.ts";
import { isEncoded, judgeAnswer, type Verdict } from "./resume_answer.ts";
import {
  digestMismatch,
  downloadTooLarge,
  encodedDownload,
  endedEarly,
  fileFailure,
  requireTotal,
  sizeMismatch,
} from "./resume_errors.ts";
import { PartialFile } from "./resume_partial.ts";
import type { Downloaded, DownloadOptions, DownloadRequest } from "./resume_request.ts";
import { type DownloadSource, DownloadSources } from "./resume_sources.ts";

export type { Downloaded, DownloadOptions, DownloadRequest };

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
  const { urls: [first], size, maxBytes, path } = request;
  if (first === undefined) throw new RangeError("Cannot download a file: current list of addresses is empty");
  options.signal?.throwIfAborted();
  if (size !== undefined && size > maxBytes) throw downloadTooLarge(first, maxBytes);
  try {
    const partial = await PartialFile.open(runtime, path, {
      signal: options.signal,
      maxBytes: size ?? maxBytes,
    });
    return await new Download(runtime, request, options, partial).run();
  } catch (error) {
    throw await fileFailure(runtime.fs, path, size, error);
  }
}

/** One call of {@link download}: asks one source after the other until the file is whole and right. */
class Download {
  readonly #runtime: DownloadRuntime;
  readonly #request: DownloadRequest;
  readonly #options: DownloadOptions;
  readonly #partial: PartialFile;
  readonly #sources: DownloadSources;
  /** Who sent the bytes that are in the file; `undefined` stands for an earlier call. */
  #contributors: Set<DownloadSource | undefined>;
  #total: number | undefined;
  #furthest: number;
  #transferred = 0;
  #secondChances = 1;

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
    this.#sources = new DownloadSources(runtime, request.urls, options.retries);
  }

  async run(): Promise<Downloaded> {
    try {
      let url = this.#request.urls[0] ?? "";
      for (;;) {
        if (this.#partial.size === this.#total) {
          const sha256 = await this.#verified();
          if (sha256 !== undefined) return await this.#finished(sha256, url);
        }
        const source = await this.#nextSource();
        await this.#tryFrom(source);
        url = source.url;
      }
    } catch (error) {
      const isWrong = isUpdateError(error) && ["DIGEST_MISMATCH", "SIZE_MISMATCH"].includes(error.code);
      if (isWrong || this.#partial.size === 0) await this.#partial.remove();
      throw error;
    } finally {
      this.#partial.close();
    }
  }

  async #finished(sha256: string, source: string): Promise<Downloaded> {
    await this.#partial.removeNotes();
    return { sha256, size: this.#partial.size, source, transferredBytes: this.#transferred };
  }

  async #verified(): Promise<string | undefined> {
    const { sha256: expected } = this.#request;
    const actual = await this.#partial.finish();
    if (actual !== undefined && (expected === undefined || actual === expected)) return actual;
    await this.#blame(expected ?? "", actual ?? "unknown, because another process writes to the same file");
    return undefined;
  }

  /** Wrong bytes of one source are its fault; of several, or of an earlier call, they get a second chance. */
  async #blame(expected: string, actual: string): Promise<void> {
    const guilty = this.#contributors;
    await this.#restart();
    this.#furthest = 0;
    const isCertain = guilty.size === 1 && !guilty.has(undefined);
    if (!isCertain && this.#secondChances-- > 0) return;
    const failure = (url: string) => digestMismatch(url, this.#request.path, expected, actual);
    this.#sources.condemn(guilty, failure);
  }

  async #nextSource(): Promise<DownloadSource> {
    const source = this.#sources.next(this.#partial.size > 0);
    const pause = source.notBefore - this.#runtime.now();
    if (pause > 0) await this.#runtime.wait(pause, this.#options.signal);
    this.#options.signal?.throwIfAborted();
    return source;
  }

  async #tryFrom(source: DownloadSource): Promise<void> {
    source.attempts++;
    try {
      await this.#fetchFrom(source);
    } catch (error) {
      if (!isUpdateError(error)) throw error;
      this.#sources.failed(source, error, this.#partial.size - this.#furthest);
    }
    this.#furthest = Math.max(this.#furthest, this.#partial.size);
  }

  async #fetchFrom(source: DownloadSource): Promise<void> {
    const validator = this.#partial.validatorOf(source.url);
    const isBound = this.#request.sha256 !== undefined || validator !== undefined;
    if (this.#partial.size > 0 && (source.wholeOnly || !isBound)) await this.#restart();
    const offset = this.#partial.size;
    const response = await this.#ask(source, offset, validator);
    try {
      const verdict = judgeAnswer({ offset, validator, total: this.#total }, response);
      if (await this.#accept(source, verdict, response)) await this.#receive(source, verdict, response);
    } finally {
      await response.cancel();
    }
  }

  #ask(source: DownloadSource, offset: number, validator: string | undefined): Promise<HttpResponse> {
    // GitHub's API sends a file's description unless it is asked for its bytes.
    const { accept = "application/octet-stream", ...options } = this.#options;
    const range = offset === 0 ? {} : { range: `bytes=${offset}-` };
    const headers = { accept, ...range, ...(offset > 0 && validator && { "if-range": validator }) };
    const acceptStatus = offset === 0 ? [200] : [200, 206, 416];
    const how = { ...options, headers, acceptStatus, overwritesChunks: true };
    return requestOnce(this.#runtime, source.url, how, source.attempts);
  }

  /** Whether the body is wanted; prepares the file for it. */
  async #accept(source: DownloadSource, verdict: Verdict, response: HttpResponse): Promise<boolean> {
    if (verdict.use === "whole") {
      // Some runtimes hand on the compressed bytes, others decode them: neither are known to be the published ones.
      if (isEncoded(response)) return this.#giveUp(source, response);
      requireTotal(source.url, this.#request, verdict.total);
    }
    const isOther = verdict.total !== undefined && this.#isOther(verdict.total);
    if (verdict.use === "nothing" || (isOther && verdict.use !== "whole")) {
      source.wholeOnly = true;
      return false;
    }
    if (verdict.use === "whole" && this.#partial.size > 0) {
      source.wholeOnly = true;
      if (this.#sources.canContinue) return false;
      await this.#restart();
    }
    this.#total ??= verdict.total;
    if (!source.wholeOnly) await this.#partial.remember(source.url, response.headers.get("etag"));
    return verdict.use !== "complete";
  }

  async #receive(source: DownloadSource, verdict: Verdict, response: HttpResponse): Promise<void> {
    const { onProgress } = this.#options;
    const end = verdict.use === "append" ? verdict.end : undefined;
    const limit = Math.min(end ?? Infinity, this.#total ?? this.#request.maxBytes);
    this.#contributors.add(source);
    onProgress?.(this.#partial.size, this.#total);
    for (let chunk = await response.read(); chunk !== undefined; chunk = await response.read()) {
      this.#transferred += chunk.length;
      if (this.#partial.size + chunk.length > limit) return await this.#overflow(source, limit, chunk.length);
      this.#partial.append(chunk);
      onProgress?.(this.#partial.size, this.#total);
    }
    this.#total ??= this.#partial.size;
    if (this.#partial.size === this.#total) return;
    throw endedEarly(source.url, this.#partial.size, this.#total, source.attempts);
  }

  /** A server that compresses what it was asked not to does so the next time too: the others are asked. */
  #giveUp(source: DownloadSource, { headers }: HttpResponse): false {
    const encoding = headers.get("content-encoding") ?? "";
    this.#sources.condemn([source], (url) => encodedDownload(url, encoding, source.attempts));
    return false;
  }

  /** More bytes than announced: nothing of it can be trusted. */
  async #overflow(source: DownloadSource, limit: number, excess: number): Promise<void> {
    const size = this.#partial.size + excess;
    const total = this.#total;
    await this.#restart();
    if (total === undefined) throw downloadTooLarge(source.url, this.#request.maxBytes);
    if (limit === total) throw sizeMismatch(source.url, this.#request.path, total, size);
    source.wholeOnly = true;
  }

  /** What a range says about the whole file may be nonsense: the whole file decides. */
  #isOther(total: number): boolean {
    return this.#total === undefined ? total > this.#request.maxBytes : total !== this.#total;
  }

  async #restart(): Promise<void> {
    await this.#partial.restart();
    this.#contributors = new Set();
    this.#total = this.#request.size;
  }
}
