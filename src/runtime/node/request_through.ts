/** One GET request on `node:http` or `node:https`, through a proxy or with certificates of its own. */

import { Buffer } from "node:buffer";
import {
  type ClientRequest,
  type IncomingMessage,
  request as httpRequest,
  type RequestOptions,
} from "node:http";
import { request as httpsRequest } from "node:https";
import type { Socket } from "node:net";
import { pipeline, Readable } from "node:stream";
import { connect } from "node:tls";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { proxyCredentials, requireProxy } from "../machine/proxy_choice.ts";

/** The way a request takes. */
export interface Way {
  /** The proxy's address, with user and password in it where it asks for them. */
  readonly proxy: string | undefined;
  /** Everybody who may have signed the server's certificate. */
  readonly ca: string[] | undefined;
}

/**
 * Sends the request. Redirects are not followed; bodies are decoded, as `fetch` does it.
 *
 * @param url The address.
 * @param init Headers and signal.
 * @param way Proxy and certificates.
 * @returns The answer, its body still to be read.
 */
export async function requestThrough(url: URL, init: RequestInit, { proxy, ca }: Way): Promise<Response> {
  const signal = init.signal ?? undefined;
  signal?.throwIfAborted();
  const headers = Object.fromEntries(new Headers(init.headers));
  const tls = ca === undefined ? {} : { ca };
  if (proxy === undefined) return await answerTo(requestTo(url, { headers, signal, ...tls }));
  const via = requireProxy(proxy);
  if (url.protocol === "http:") {
    const options = {
      path: url.href,
      headers: { host: url.host, ...headers, ...credentials(via) },
      signal,
      ...tls,
    };
    return await answerTo(requestTo(new URL(via.origin), options));
  }
  const socket = await tunnel(via, url, { signal, ...tls });
  const name = isAddress(url.hostname) ? {} : { servername: url.hostname };
  const secure = connect({ socket, host: bare(url), ...name, ...tls });
  secure.once("close", () => socket.destroy());
  const answer = answerTo(requestTo(url, { headers, signal, createConnection: () => secure }));
  return await answer.catch((error) => {
    socket.destroy();
    throw error;
  });
}

function requestTo(url: URL, options: RequestOptions & { signal: AbortSignal | undefined }): ClientRequest {
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  const { signal, ...rest } = options;
  // With an agent, even `false`, Node would ignore `createConnection` and go its own way.
  const agent = rest.createConnection === undefined ? { agent: false } : {};
  return send(url, { ...agent, ...rest, ...(signal && { signal }) });
}

/** Asks the proxy for a connection to the server; what goes through it is between the two ends. */
function tunnel(via: URL, url: URL, options: { signal: AbortSignal | undefined }): Promise<Socket> {
  const path = `${url.hostname}:${url.port || "443"}`;
  const sent = requestTo(new URL(via.origin), {
    ...options,
    method: "CONNECT",
    path,
    headers: { host: path, ...credentials(via) },
  });
  return new Promise((resolve, reject) => {
    sent.once("error", reject);
    sent.once("connect", ({ statusCode = 0 }, socket) => {
      if (statusCode === 200) return resolve(socket as Socket);
      socket.destroy();
      reject(new Error(`The proxy answered ${statusCode}: unexpected proxy response (${statusCode})`));
    });
    sent.end();
  });
}

function answerTo(sent: ClientRequest): Promise<Response> {
  return new Promise((resolve, reject) => {
    sent.once("error", reject);
    sent.once("response", (message) => resolve(responseOf(message)));
    sent.end();
  });
}

function responseOf(message: IncomingMessage): Response {
  const { statusCode: status = 0, rawHeaders } = message;
  const headers = new Headers();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    headers.append(rawHeaders[at] ?? "", rawHeaders[at + 1] ?? "");
  }
  const hasBody = ![204, 205, 304].includes(status);
  if (!hasBody) message.resume();
  const body = hasBody ? Readable.toWeb(decoded(message)) as ReadableStream<Uint8Array> : null;
  return new Response(body, { status, headers });
}

const DECODERS = new Map([
  ["gzip", createGunzip],
  ["x-gzip", createGunzip],
  ["deflate", createInflate],
  ["br", createBrotliDecompress],
]);

function decoded(message: IncomingMessage): Readable {
  const encoding = message.headers["content-encoding"]?.trim().toLowerCase() ?? "";
  const decoder = DECODERS.get(encoding);
  // `pipeline` hands a broken connection on to whoever reads the decoder.
  return decoder === undefined ? message : pipeline(message, decoder(), () => {});
}

function credentials(proxy: URL): Record<string, string> {
  const known = proxyCredentials(proxy);
  if (known === undefined) return {};
  const pair = `${known.username}:${known.password}`;
  return { "proxy-authorization": `Basic ${Buffer.from(pair).toString("base64")}` };
}

function bare({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "");
}

function isAddress(hostname: string): boolean {
  return hostname.startsWith("[") || /^[\d.]+$/.test(hostname);
}
