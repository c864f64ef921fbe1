/**
 * One request done right: only safe addresses, redirects by hand, tokens bound to their origin, timers, retries, caps.
 *
 * @module
 */

import { GITHUB_API, parseAddress, redirectTarget } from "./address.ts";
import type { Cooldown } from "./cooldown.ts";
import { UpdateError } from "./errors.ts";
import { exchange, type HttpResponse } from "./exchange.ts";
import { readWhole } from "./http_body.ts";
import { REDIRECTS } from "./limits.ts";
import { redactUrl } from "./redact.ts";
import { retrying, type RetryOptions } from "./retry.ts";
import type { Runtime } from "./runtime/types.ts";
import { pauseUntil, secondaryLimit } from "./server_pause.ts";
import type { Patience } from "./stall_watch.ts";

export type { HttpResponse };

/** The parts of a runtime that a request needs. */
export type HttpRuntime = Pick<Runtime, "fetch" | "now" | "wait" | "random">;

/** A secret for one origin. It is attached to each hop by that hop's origin and goes nowhere else (T16). */
export interface OriginToken {
  /** The origin, such as `https://api.github.com`. */
  readonly origin: string;
  /** The header's whole value, such as `Bearer …`. */
  readonly value: string;
  /** The header's name; `authorization` when absent. */
  readonly header?: string | undefined;
}

/** Headers that hold no secret, so that they may go to every hop. Secrets go into {@link OriginToken}s. */
export type PlainHeader =
  | "accept"
  | "cache-control"
  | "if-none-match"
  | "if-range"
  | "range"
  | "user-agent"
  | "x-github-api-version";

/** How a request is made. */
export interface RequestOptions extends RetryOptions {
  /** Headers for every hop. */
  readonly headers?: Partial<Record<PlainHeader, string>> | undefined;
  /** Secrets, each for its own origin. */
  readonly token?: readonly OriginToken[] | undefined;
  /** Allows plain http to other machines. */
  readonly allowInsecure?: boolean | undefined;
  /** The statuses that are answers rather than failures; `[200]` when absent. */
  readonly acceptStatus?: readonly number[] | undefined;
  /** How long to wait for the server. */
  readonly patience?: Patience | undefined;
  /** Reads the body into one buffer again and again; see `HttpResponse.read`. */
  readonly overwritesChunks?: boolean | undefined;
  /** Remembers, across processes, which servers asked for a pause. */
  readonly cooldown?: Cooldown | undefined;
}

/** How a whole answer is read. */
export interface FetchBytesOptions extends RequestOptions {
  /** How many bytes are accepted at most, counted after decoding (T6). */
  readonly maxBytes: number;
  /** What is being fetched, for messages: `manifest`. */
  readonly what: string;
}

/** A whole answer. */
export interface FetchedBytes {
  /** The status, one of those accepted. */
  readonly status: number;
  /** The body, decoded; empty unless the status is 200. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The `ETag`, for the next request. */
  readonly etag: string | undefined;
  /** The answer's headers. */
  readonly headers: Headers;
  /** The address that answered, after redirects. */
  readonly url: string;
}

/**
 * Sends a GET request and follows its redirects.
 *
 * @param runtime `fetch`, clock, chance.
 * @param url The address: https, or http to this machine.
 * @param options Headers, secrets, timers, retries.
 * @returns The answer, with its body still to be read; it has one of the accepted statuses.
 * @throws {UpdateError} `ADDRESS_REFUSED`, `NETWORK`, `TIMEOUT`, `HTTP_STATUS`, `RATE_LIMITED`; reading the body can
 * throw `NETWORK` and `TIMEOUT`. The signal's reason when aborted.
 */
export function request(
  runtime: HttpRuntime,
  url: string,
  options: RequestOptions = {},
): Promise<HttpResponse> {
  return retrying(runtime, options, (attempt) => requestOnce(runtime, url, options, attempt));
}

/**
 * Fetches a small document whole; a connection that breaks in the middle counts as a failed attempt. Only an answer of
 * status 200 is one: of others nothing is read.
 *
 * @param runtime `fetch`, clock, chance.
 * @param url The address: https, or http to this machine.
 * @param options As for {@link request}, and the cap.
 * @returns Status, bytes, `ETag`, and the address that answered.
 * @throws {UpdateError} As {@link request}, and `TOO_LARGE`.
 */
export function fetchBytes(
  runtime: HttpRuntime,
  url: string,
  options: FetchBytesOptions,
): Promise<FetchedBytes> {
  return retrying(runtime, options, async (attempt) => {
    const response = await requestOnce(runtime, url, options, attempt);
    const { status, headers } = response;
    const bytes = await (status === 200 ? readWhole(response, options, attempt) : unread(response));
    return { status, bytes, headers, etag: headers.get("etag") ?? undefined, url: response.url };
  });
}

/** What accompanies another status is for people; nobody waits for it. */
async function unread(response: HttpResponse): Promise<Uint8Array<ArrayBuffer>> {
  await response.cancel();
  return new Uint8Array();
}

/**
 * One attempt of {@link request}, for callers that do their own retrying.
 *
 * @param attempt Its number, from 1, for messages.
 */
export async function requestOnce(
  runtime: HttpRuntime,
  url: string,
  options: RequestOptions,
  attempt: number,
): Promise<HttpResponse> {
  let address = parseAddress(url, options);
  for (let hop = 0; hop <= REDIRECTS; hop++) {
    await heedCooldown(runtime, address, options);
    const headers = headersFor(address, options);
    const response = await exchange(runtime, address, { ...options, headers, attempt });
    const location = redirectOf(response);
    if (location === undefined) return await accepted(runtime, response, options);
    await response.cancel();
    address = redirectTarget(address, location, options);
  }
  const shown = redactUrl(url);
  const reason = `more than ${REDIRECTS} redirects`;
  throw new UpdateError("ADDRESS_REFUSED", `Cannot fetch ${shown}: ${reason}`, { url: shown, reason });
}

async function heedCooldown(runtime: HttpRuntime, address: URL, options: RequestOptions): Promise<void> {
  const hasToken = secretsFor(address, options).length > 0;
  const until = await options.cooldown?.until(address.origin, hasToken);
  if (until !== undefined && until > runtime.now()) throw rateLimited(address, until, hasToken);
}

function headersFor(address: URL, options: RequestOptions): Record<string, string> {
  const secrets = secretsFor(address, options)
    .map(({ header = "authorization", value }) => [header, value]);
  return { accept: "*/*", "accept-encoding": "identity", ...options.headers, ...Object.fromEntries(secrets) };
}

/** Secrets are chosen by the hop's origin, not stripped by a list of names that is never complete (T16). */
function secretsFor(address: URL, { token = [] }: RequestOptions): OriginToken[] {
  return token.filter(({ origin }) => origin === address.origin);
}

function redirectOf({ status, headers }: HttpResponse): string | undefined {
  if (![301, 302, 303, 307, 308].includes(status)) return undefined;
  return headers.get("location") ?? undefined;
}

async function accepted(
  runtime: HttpRuntime,
  response: HttpResponse,
  options: RequestOptions,
): Promise<HttpResponse> {
  const { acceptStatus = [200], cooldown } = options;
  if (acceptStatus.includes(response.status)) return response;
  const address = new URL(response.url);
  const until = pauseUntil(response.status, response.headers, runtime.now()) ??
    await secondaryLimit(runtime, response, options.signal);
  await response.cancel();
  if (until === undefined) throw statusError(address, response.status);
  const hasToken = secretsFor(address, options).length > 0;
  await cooldown?.pause(address.origin, hasToken, until);
  throw rateLimited(address, until, hasToken);
}

function statusError(address: URL, status: number): UpdateError<"HTTP_STATUS"> {
  const url = redactUrl(address);
  const hints = new Map([
    [401, "; a token is needed, or the one given is wrong"],
    [403, "; access is forbidden, a token may be needed"],
    [404, "; nothing is published there"],
    [407, "; the proxy asks for a user and password, in HTTPS_PROXY or updates.proxy of cco"],
  ]);
  const message = `Cannot fetch ${url}: the server answered ${status}${hints.get(status) ?? ""}`;
  return new UpdateError("HTTP_STATUS", message, { url, status });
}

function rateLimited(address: URL, until: number, hasToken: boolean): UpdateError<"RATE_LIMITED"> {
  const url = redactUrl(address);
  const hint = address.origin === GITHUB_API && !hasToken
    ? ", or give a token (GITHUB_TOKEN for cco, githubToken in the library), for which GitHub's limit is higher"
    : "";
  const message = `Cannot fetch ${url}: the server asks for a pause; try again after ` +
    `${new Date(until).toISOString()}${hint}`;
  return new UpdateError("RATE_LIMITED", message, { url, until });
}
