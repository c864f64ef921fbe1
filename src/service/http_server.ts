/**
 * The service's two addresses, over HTTP.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import { guard, type Listening } from "./guard.ts";
import { healthOf, metricsOf, type ServiceState } from "./health.ts";

/** A listening server. */
export interface HealthServer {
  /** The port; the system's choice where 0 was asked for. */
  readonly port: number;
  /** Stops listening; requests under way are answered for at most a second. */
  close(): Promise<void>;
}

/** How long requests under way are waited for. */
const GRACE = 1000;

/**
 * Listens. The port belongs to one process: so it is also what keeps a second service away (T34).
 *
 * @param listening Where.
 * @param state What to tell about.
 * @param now The clock.
 * @returns The server.
 * @throws {Error} When the port is taken or the address is not this machine's; `code` says which.
 */
export async function serveHealth(
  listening: Listening,
  state: ServiceState,
  now: () => number,
): Promise<HealthServer> {
  const { createServer } = await import("node:http");
  let port = listening.port;
  const server = createServer((request, response) => {
    // What comes with a request is not read: none of the answers depends on it.
    request.resume();
    answer(request, response, { listening: { ...listening, port }, state, now });
  });
  server.requestTimeout = 10_000;
  server.headersTimeout = 10_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: listening.host, port: listening.port, exclusive: true }, resolve);
  });
  const address = server.address();
  if (typeof address === "object" && address !== null) port = address.port;
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        const late = setTimeout(() => server.closeAllConnections(), GRACE);
        server.close(() => {
          clearTimeout(late);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { listening, state, now }: { listening: Listening; state: ServiceState; now: () => number },
): void {
  const { headers, method, url: target } = request;
  const verdict = guard({
    method,
    target,
    hosts: headerValues(request, "host"),
    hasOrigin: headers.origin !== undefined,
    site: headers["sec-fetch-site"]?.toString(),
  }, listening);
  response.setHeader("cache-control", "no-store");
  response.setHeader("x-content-type-options", "nosniff");
  if (verdict === 405) response.setHeader("allow", "GET, HEAD");
  if (typeof verdict === "number") return send(response, verdict, "text/plain", "");
  if (verdict === "/metrics") {
    return send(response, 200, "text/plain; version=0.0.4; charset=utf-8", metricsOf(state));
  }
  const health = healthOf(state, now());
  send(response, state.phase === "running" ? 200 : 503, "application/json", JSON.stringify(health));
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.statusCode = status;
  response.setHeader("content-type", type);
  response.end(body);
}

/** `headers` keeps only the first of several. */
function headerValues({ rawHeaders }: IncomingMessage, name: string): string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}
