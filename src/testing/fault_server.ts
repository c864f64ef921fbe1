/**
 * A release server on loopback that does what servers and networks do on bad days.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import type { Fault } from "./fault.ts";
import { applyFault, rightAnswer, type WireRequest } from "./fault_answer.ts";
import { FaultPlan } from "./fault_plan.ts";
import { readRequest, sendAnswer } from "./fault_wire.ts";
import { Counter } from "./counter.ts";

export type { Fault };

/** How a {@link FaultServer} is started. */
export interface FaultServerOptions {
  /** What is served, by path: `{ "/version-manifest.json": "…" }`. */
  readonly files?: Readonly<Record<string, Uint8Array | string>> | undefined;
  /** A folder whose files are served too, read whole at each request. */
  readonly folder?: string | undefined;
  /** The private key and certificate chain of an https server, in PEM. */
  readonly tls?: { readonly key: string; readonly cert: string } | undefined;
  /** The clock behind `drip`; real time when absent. A test with a clock of its own gives that. */
  readonly wait?: ((milliseconds: number, signal: AbortSignal) => Promise<void>) | undefined;
}

/** A request that arrived, and what became of it. */
export interface RecordedRequest {
  /** `GET` or another method. */
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** The headers, names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** The status of the answer. */
  readonly status: number;
  /** How many bytes of the body were handed to the operating system so far. */
  readonly sentBytes: number;
  /** Whether the answer has gone silent: a `stall` has happened. */
  readonly isSilent: boolean;
}

/** How often a fault happens. */
export interface FaultTimes {
  /** For how many requests; `Infinity` for all that come. */
  readonly times?: number | undefined;
}

/** A running server. Close it, or declare it with `await using`. */
export interface FaultServer extends AsyncDisposable {
  /** Its address without a trailing slash: `http://127.0.0.1:12345`. */
  readonly url: string;
  /** Every request so far, in order of arrival. */
  readonly requests: readonly RecordedRequest[];
  /** Puts a file at a path, in place of what was there, and returns its address. */
  serve(path: string, content: Uint8Array | string): string;
  /** Takes a file away. */
  remove(path: string): void;
  /**
   * Lets something go wrong with the next request for a path, once the faults planned before it have happened.
   * `"*"` stands for every path without a plan of its own.
   */
  fault(path: string, fault: Fault | readonly Fault[], times?: FaultTimes): void;
  /** Forgets the faults that have not happened yet. */
  clearFaults(): void;
  /** Resolves once this many requests have arrived. */
  arrived(count: number): Promise<void>;
  /** Resolves once this many answers have gone silent: the moment to advance a clock that is not real. */
  silent(count: number): Promise<void>;
  /** Ends all connections and the server. */
  close(): Promise<void>;
}

/** Connections at one time; more are closed at once. */
const CONNECTIONS = 128;
/** Requests that are remembered. */
const REMEMBERED = 10_000;

/**
 * Starts a server on loopback that serves files and goes wrong on request.
 *
 * Without faults it is a correct static server: ranges, `If-Range`, `ETag`, `If-None-Match`, one request per
 * connection. It listens on 127.0.0.1 only, at most 128 connections at a time, and remembers the last 10,000 requests.
 *
 * Permissions (Deno): network access to 127.0.0.1; reading of `folder`.
 *
 * @example A download that breaks
 * ```ts
 * import { startFaultServer } from "@cco/updater/testing";
 * import assert from "node:assert/strict";
 *
 * await using server = await startFaultServer({ files: { "/app": "0123456789" } });
 * server.fault("/app", { kind: "cut", after: 4 });
 *
 * await assert.rejects(async () => await (await fetch(`${server.url}/app`)).text());
 * assert.equal(await (await fetch(`${server.url}/app`)).text(), "0123456789");
 * assert.deepEqual(server.requests.map(({ sentBytes }) => sentBytes), [4, 10]);
 * ```
 *
 * @param options What is served, and how.
 * @returns The running server.
 */
export async function startFaultServer(options: FaultServerOptions = {}): Promise<FaultServer> {
  const running = new RunningServer(options);
  await running.listen();
  return running;
}

class RunningServer implements FaultServer {
  readonly requests: RecordedRequest[] = [];
  readonly #options: FaultServerOptions;
  readonly #files = new Map<string, Uint8Array>();
  readonly #plan = new FaultPlan();
  readonly #sockets = new Set<Socket>();
  readonly #closing = new AbortController();
  readonly #arrivals = new Counter();
  readonly #silences = new Counter();
  #server: Server | undefined;
  #port = 0;

  constructor(options: FaultServerOptions) {
    this.#options = options;
    for (const [path, content] of Object.entries(options.files ?? {})) this.serve(path, content);
  }

  get url(): string {
    return `${this.#options.tls === undefined ? "http" : "https"}://127.0.0.1:${this.#port}`;
  }

  async listen(): Promise<void> {
    const { tls } = this.#options;
    const onConnection = (socket: Socket): void => this.#accept(socket);
    this.#server = tls === undefined
      ? createServer(onConnection)
      : (await import("node:tls")).createServer({ ...tls }, onConnection);
    const server = this.#server;
    // A client that refuses the certificate is its own business.
    server.on("tlsClientError", () => {});
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", resolve);
    });
    const address = server.address();
    if (typeof address === "object" && address !== null) this.#port = address.port;
  }

  serve(path: string, content: Uint8Array | string): string {
    this.#files.set(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
    return this.url + path;
  }

  remove(path: string): void {
    this.#files.delete(path);
  }

  fault(path: string, fault: Fault | readonly Fault[], { times = 1 }: FaultTimes = {}): void {
    this.#plan.add(path, "kind" in fault ? [fault] : fault, times);
  }

  clearFaults(): void {
    this.#plan.clear();
  }

  arrived(count: number): Promise<void> {
    return this.#arrivals.reached(count);
  }

  silent(count: number): Promise<void> {
    return this.#silences.reached(count);
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#closing.abort();
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #accept(socket: Socket): void {
    socket.on("error", () => socket.destroy());
    if (this.#sockets.size >= CONNECTIONS) return void socket.destroy();
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    this.#serveOne(socket).catch(() => socket.destroy());
  }

  async #serveOne(socket: Socket): Promise<void> {
    const request = await readRequest(socket);
    if (request === undefined) return void socket.destroy();
    const path = request.path.split("?")[0] ?? "";
    const faults = this.#plan.next(path);
    for (const fault of faults) if (fault.kind === "switch") this.serve(path, fault.to);
    const content = await this.#contentOf(path);
    const answer = rightAnswer(request, content);
    for (const fault of faults) applyFault(answer, fault, { request, content, now: Date.now() });
    if (request.method === "HEAD") answer.sent = 0;
    const record = this.#record(request, answer.status);
    await sendAnswer(socket, answer, {
      onSent: (bytes) => record.sentBytes += bytes,
      onSilent: () => {
        record.isSilent = true;
        this.#silences.increase();
      },
      wait: (milliseconds) => this.#wait(milliseconds),
    });
  }

  async #contentOf(path: string): Promise<Uint8Array | undefined> {
    const { folder } = this.#options;
    const file = this.#files.get(path);
    if (file !== undefined || folder === undefined) return file;
    const names = decodeURIComponent(path).split("/").filter((name) => name !== "");
    if (names.some((name) => name === ".." || name.includes("\\") || name.includes("\0"))) return undefined;
    return await readFile(join(folder, ...names)).catch(() => undefined);
  }

  #record(request: WireRequest, status: number): { sentBytes: number; isSilent: boolean } {
    const record = { ...request, status, sentBytes: 0, isSilent: false };
    this.requests.push(record);
    if (this.requests.length > REMEMBERED) this.requests.shift();
    this.#arrivals.increase();
    return record;
  }

  async #wait(milliseconds: number): Promise<void> {
    const { wait } = this.#options;
    const { signal } = this.#closing;
    if (wait !== undefined) return await wait(milliseconds, signal).catch(() => {});
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
    });
  }
}
