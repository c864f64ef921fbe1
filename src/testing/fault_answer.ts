/**
 * The answer of the fault server to one request: first the right one, then what the faults make of it.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { Fault } from "./fault.ts";

/** A request as it arrived. */
export interface WireRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
}

/** An answer and how it is sent. */
export interface WireAnswer {
  status: number;
  /** In the order in which they are sent. */
  headers: Map<string, string>;
  body: Uint8Array;
  /** How much of the body is sent before what `then` says. */
  sent: number;
  /** What happens after that: a proper end, a closed connection, silence, or zeros for ever. */
  then: "end" | "cut" | "stall" | "endless";
  /** Nothing at all is sent before `then`. */
  silent: boolean;
  /** Bytes at a time and the pause in between. */
  pace: { bytes: number; milliseconds: number } | undefined;
  /** Sent instead of everything else. */
  raw: string | undefined;
}

/**
 * The right answer (RFC 9110): whole file, range, unchanged, or not there.
 *
 * @param request What was asked.
 * @param content The file, if there is one.
 */
export function rightAnswer(request: WireRequest, content: Uint8Array | undefined): WireAnswer {
  if (request.method !== "GET" && request.method !== "HEAD") return textAnswer(405, "Only GET and HEAD");
  if (content === undefined) return textAnswer(404, "Not found");
  const etag = etagOf(content);
  if (request.headers.get("if-none-match") === etag) return answer(304, { etag }, new Uint8Array());
  const ifRange = request.headers.get("if-range");
  const range = ifRange === undefined || ifRange === etag ? request.headers.get("range") : undefined;
  const common = { "accept-ranges": "bytes", etag };
  if (range === undefined) return answer(200, common, content);
  return rangeAnswer(range, content, common);
}

/** The strong `ETag` of some content. */
export function etagOf(content: Uint8Array): string {
  const known = etags.get(content);
  if (known !== undefined) return known;
  const etag = `"${createHash("sha256").update(content).digest("hex").slice(0, 32)}"`;
  etags.set(content, etag);
  return etag;
}

const etags = new WeakMap<Uint8Array, string>();

/**
 * Applies a fault.
 *
 * @param plain The answer so far; changed in place.
 * @param fault What goes wrong.
 * @param context The request, the whole file, and the time.
 */
export function applyFault(
  plain: WireAnswer,
  fault: Fault,
  context: { request: WireRequest; content: Uint8Array | undefined; now: number },
): void {
  const replace = (other: WireAnswer): void => void Object.assign(plain, other);
  switch (fault.kind) {
    case "cut":
      return void Object.assign(plain, { sent: Math.min(fault.after, plain.body.length), then: "cut" });
    case "drop":
      return void Object.assign(plain, { silent: true, then: "cut" });
    case "stall":
      if (fault.after === "headers") return void Object.assign(plain, { silent: true, then: "stall" });
      return void Object.assign(plain, { sent: Math.min(fault.after, plain.body.length), then: "stall" });
    case "drip":
      plain.pace = { bytes: fault.bytes, milliseconds: fault.milliseconds };
      return;
    case "corrupt":
      plain.body = corrupted(plain, fault.at);
      return;
    case "length":
      return setHeader(plain, "content-length", fault.value);
    case "content-range":
      if (plain.status === 206 || plain.status === 416) setHeader(plain, "content-range", fault.value);
      return;
    case "ignore-range":
      return replace(rightAnswer(without(context.request, "range"), context.content));
    case "ignore-if-range":
      return replace(rightAnswer(without(context.request, "if-range"), context.content));
    case "redirect":
      return replace(answer(fault.status ?? 302, { location: fault.to }, new Uint8Array()));
    case "status":
      return replace(textAnswer(fault.status, fault.body ?? "", fault.headers));
    case "headers":
      for (const [name, value] of Object.entries(fault.headers)) setHeader(plain, name, value);
      return;
    case "rate-limit":
      return replace(rateLimited(fault, context.now));
    case "surplus":
      plain.body = concat(plain.body, new Uint8Array(fault.bytes));
      plain.sent = plain.body.length;
      return;
    case "endless":
      setHeader(plain, "content-length", undefined);
      plain.then = "endless";
      return;
    case "gzip":
      return replace(answer(plain.status, { "content-encoding": "gzip" }, gzipSync(plain.body)));
    case "raw":
      plain.raw = fault.bytes;
      return;
    case "switch":
      // The server has exchanged the content before the answer was made.
      return;
  }
}

function answer(status: number, headers: Record<string, string>, body: Uint8Array): WireAnswer {
  return {
    status,
    headers: new Map([...Object.entries(headers), ["content-length", String(body.length)]]),
    body,
    sent: body.length,
    then: "end",
    silent: false,
    pace: undefined,
    raw: undefined,
  };
}

function textAnswer(status: number, text: string, headers: Record<string, string> = {}): WireAnswer {
  return answer(status, { "content-type": "text/plain", ...headers }, new TextEncoder().encode(text));
}

function rangeAnswer(range: string, content: Uint8Array, common: Record<string, string>): WireAnswer {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? [];
  if (first === undefined || last === undefined || first + last === "") return answer(200, common, content);
  const start = first === "" ? Math.max(0, content.length - Number(last)) : Number(first);
  const end = first === "" || last === "" ? content.length : Math.min(Number(last) + 1, content.length);
  if (start >= end) {
    return answer(416, { ...common, "content-range": `bytes */${content.length}` }, new Uint8Array());
  }
  const headers = { ...common, "content-range": `bytes ${start}-${end - 1}/${content.length}` };
  return answer(206, headers, content.subarray(start, end));
}

function rateLimited({ limit, seconds }: Extract<Fault, { kind: "rate-limit" }>, now: number): WireAnswer {
  const message = limit === "primary"
    ? "API rate limit exceeded for 127.0.0.1."
    : "You have exceeded a secondary rate limit.";
  const headers = {
    primary: {
      "x-ratelimit-limit": "60",
      "x-ratelimit-remaining": "0",
      "x-ratelimit-reset": String(Math.floor(now / 1000) + seconds),
    },
    secondary: { "retry-after": String(seconds) },
    "secondary-without-header": {},
  };
  return textAnswer(403, JSON.stringify({ message }), {
    ...headers[limit],
    "content-type": "application/json",
  });
}

/** The position is one of the whole file, so that the same byte is wrong in every range that holds it. */
function corrupted(plain: WireAnswer, at: number): Uint8Array {
  const start = Number(/^bytes (\d+)-/.exec(plain.headers.get("content-range") ?? "")?.[1] ?? 0);
  // `slice` of a Buffer would be a view of the caller's own bytes.
  const copy = new Uint8Array(plain.body);
  const byte = copy[at - start];
  if (byte !== undefined) copy[at - start] = byte ^ 0xff;
  return copy;
}

function without(request: WireRequest, header: string): WireRequest {
  return { ...request, headers: new Map([...request.headers].filter(([name]) => name !== header)) };
}

function setHeader(plain: WireAnswer, name: string, value: string | undefined): void {
  if (value === undefined) plain.headers.delete(name.toLowerCase());
  else plain.headers.set(name.toLowerCase(), value);
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}
