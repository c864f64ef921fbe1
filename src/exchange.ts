/**
 * One request and its answer, watched from the first byte to the last: no redirects, no retries.
 *
 * @module
 */

import { UpdateError } from "./errors.ts";
import { BODY_CHUNK_BYTES } from "./limits.ts";
import { explainFailure } from "./network_failure.ts";
import { redactError, redactUrl } from "./redact.ts";
import type { Runtime } from "./runtime/types.ts";
import { type Patience, type Stall, StallWatch } from "./stall_watch.ts";

/** An answer whose body has not been read yet. Read it to its end or cancel it. */
export interface HttpResponse {
  /** The address that answered, after redirects. */
  readonly url: string;
  /** The status code. */
  readonly status: number;
  /** The headers. */
  readonly headers: Headers;
  /** The body as a stream, for consumers that need one; {@link HttpResponse.read} is faster. */
  readonly body: ReadableStream<Uint8Array>;
  /** The next bytes of the body, or `undefined` after the last. Asked for that, each chunk overwrites the one before. */
  read(): Promise<Uint8Array | undefined>;
  /** Drops what has not been read and lets go of the connection. */
  cancel(): Promise<void>;
}

/** How one exchange is made. */
export interface ExchangeOptions {
  readonly headers: Record<string, string>;
  readonly signal?: AbortSignal | undefined;
  readonly patience?: Patience | undefined;
  /** Reads into one buffer again and again: memory stays flat. Whoever asks for that uses a chunk before the next. */
  readonly overwritesChunks?: boolean | undefined;
  /** The number of this attempt, for messages. */
  readonly attempt: number;
}

/**
 * Sends one GET request.
 *
 * @param runtime `fetch` and the clock.
 * @param url The address, already checked.
 * @param options Headers, signal, timers.
 * @returns The answer, whatever its status.
 * @throws {UpdateError} `NETWORK` and `TIMEOUT`, also while the body is read; the signal's reason when aborted.
 */
export async function exchange(
  runtime: Pick<Runtime, "fetch" | "now" | "wait">,
  url: URL,
  options: ExchangeOptions,
): Promise<HttpResponse> {
  options.signal?.throwIfAborted();
  const running = new Exchange(runtime, url, options);
  return await running.start(options.headers);
}

/** Holds what must be let go together: the signal's listener, the timers, the connection. */
class Exchange {
  readonly #runtime: Pick<Runtime, "fetch" | "now" | "wait">;
  readonly #url: URL;
  readonly #options: ExchangeOptions;
  readonly #controller = new AbortController();
  readonly #watch: StallWatch;
  readonly #onAbort = (): void => this.#end(this.#options.signal?.reason);
  #ended: { readonly reason: unknown } | undefined;
  #rejectPending: ((reason: unknown) => void) | undefined;
  #body: ReadableStream<Uint8Array> | undefined;
  #reader: ChunkReader | undefined;

  constructor(runtime: Pick<Runtime, "fetch" | "now" | "wait">, url: URL, options: ExchangeOptions) {
    this.#runtime = runtime;
    this.#url = url;
    this.#options = options;
    options.signal?.addEventListener("abort", this.#onAbort, { once: true });
    this.#watch = new StallWatch(runtime, options.patience ?? {}, (stall) => this.#end(this.#timeout(stall)));
  }

  async start(headers: Record<string, string>): Promise<HttpResponse> {
    const response = await this.#guarded(this.#fetch(headers));
    this.#watch.connected();
    if (response.redirected) {
      await response.body?.cancel();
      this.#release();
      throw new TypeError("Cannot use this fetch function: it followed a redirect although asked not to");
    }
    this.#body = response.body ?? undefined;
    if (this.#body === undefined) this.#release();
    return this.#response(response);
  }

  /** A `fetch` that ignores its signal may still answer after the end; that answer is dropped. */
  async #fetch(headers: Record<string, string>): Promise<Response> {
    const response = await this.#runtime.fetch(this.#url.href, {
      method: "GET",
      headers,
      redirect: "manual",
      credentials: "omit",
      signal: this.#controller.signal,
    });
    if (this.#ended) void response.body?.cancel().catch(() => {});
    return response;
  }

  #response({ status, headers }: Response): HttpResponse {
    const read = (): Promise<Uint8Array | undefined> => this.#read();
    const cancel = (): Promise<void> => this.#cancel();
    let body: ReadableStream<Uint8Array> | undefined;
    return {
      url: this.#url.href,
      status,
      headers,
      read,
      cancel,
      get body() {
        return body ??= streamOf(read, cancel);
      },
    };
  }

  async #read(): Promise<Uint8Array | undefined> {
    if (this.#ended) throw this.#ended.reason;
    if (this.#body === undefined) return undefined;
    this.#reader ??= readerOf(this.#body, this.#options);
    this.#watch.waiting();
    const { done, value } = await this.#guarded(this.#reader.read());
    this.#watch.arrived(value?.length ?? 0);
    if (!done) return value;
    this.#body = undefined;
    this.#release();
    return undefined;
  }

  async #cancel(): Promise<void> {
    const unread = this.#reader ?? this.#body;
    this.#body = this.#reader = undefined;
    this.#release();
    await unread?.cancel().catch(() => {});
  }

  /** Settles with the promise, or with the reason of the end if that comes first. */
  async #guarded<T>(promise: Promise<T>): Promise<T> {
    try {
      return await new Promise<T>((resolve, reject) => {
        if (this.#ended) reject(this.#ended.reason);
        this.#rejectPending = reject;
        promise.then(resolve, reject);
      });
    } catch (error) {
      if (this.#ended === undefined) this.#end(this.#broken(error));
      throw this.#ended?.reason;
    }
  }

  /** Ends everything early: a timer ran out, the caller's signal was aborted, or the connection broke. */
  #end(reason: unknown): void {
    if (this.#ended) return;
    this.#ended = { reason };
    this.#release();
    this.#controller.abort(reason);
    this.#rejectPending?.(reason);
  }

  #release(): void {
    this.#watch.stop();
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
  }

  #timeout({ phase, milliseconds }: Stall): UpdateError<"TIMEOUT"> {
    const url = redactUrl(this.#url);
    const what = {
      connect: `no answer within ${milliseconds / 1000} s`,
      idle: `the server sent nothing for ${milliseconds / 1000} s`,
      rate: "the server sends too slowly",
    };
    const message = `Cannot fetch ${url}: ${what[phase]}${tries(this.#options.attempt)}; try again later`;
    return new UpdateError("TIMEOUT", message, { url, phase, milliseconds });
  }

  #broken(error: unknown): UpdateError<"NETWORK"> {
    const url = redactUrl(this.#url);
    const attempts = this.#options.attempt;
    const message = `Cannot fetch ${url}: ${explainFailure(error).reason}${tries(attempts)}`;
    return new UpdateError("NETWORK", message, { url, attempts }, { cause: redactError(error) });
  }
}

function tries(attempts: number): string {
  return attempts > 1 ? ` (tried ${attempts} times)` : "";
}

function streamOf(
  read: () => Promise<Uint8Array | undefined>,
  cancel: () => Promise<void>,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const bytes = await read();
      if (bytes === undefined) controller.close();
      else controller.enqueue(bytes);
    },
    cancel,
  }, { highWaterMark: 0 });
}

/** What is used of a stream's reader. */
interface ChunkReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

function readerOf(
  body: ReadableStream<Uint8Array>,
  { overwritesChunks = false }: ExchangeOptions,
): ChunkReader {
  return (overwritesChunks ? bufferReader(body) : undefined) ?? body.getReader();
}

/** `undefined` where the stream cannot fill a buffer: on Bun, and in streams that a program made itself. */
function bufferReader(body: ReadableStream<Uint8Array>): ChunkReader | undefined {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = body.getReader({ mode: "byob" });
  } catch {
    return undefined;
  }
  let buffer = new ArrayBuffer(BODY_CHUNK_BYTES);
  return {
    async read() {
      const { done, value } = await reader.read(new Uint8Array(buffer));
      if (value !== undefined) buffer = value.buffer;
      return { done, value };
    },
    cancel: () => reader.cancel(),
  };
}
