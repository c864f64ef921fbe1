/**
 * The service's two addresses, over HTTP.
 *
 * @module
 */

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { guard, type Listening } from "./guard.ts";
import { healthOf, metricsOf, type ServiceState } from "./health.ts";
import type { Listener, PortSharing } from "./port_sharing.ts";

/** A listening server. */
export interface HealthServer {
  /** The port; the system's choice where 0 was asked for. */
  readonly port: number;
  /** Whether another process can listen beside it, and be the one that gets the connections. */
  readonly isShared: boolean;
  /** Has those who are connected connect again after their next answer: a newcomer then gets them. */
  retire(): void;
  /** Takes new connections again, a newcomer or not. */
  resume(): void;
  /**
   * Stops listening; requests under way are answered for at most a second.
   *
   * @param to Who listens on the same port and gets the connections from now on, if anybody does. Then nobody who is
   * connected notices: there is time until each has asked once more.
   */
  close(to?: Listener): Promise<void>;
}

/** Options of {@link serveHealth}. */
export interface ServeOptions {
  /** How a port is shared, where the system can. */
  readonly sharing?: PortSharing | undefined;
  /** Whether to listen beside the process that already does. */
  readonly joins?: boolean | undefined;
}

/** How long requests under way are waited for. */
const GRACE = 1000;
/** How long a connection stays open without a request. Its owner is told, and knows not to use it any longer. */
const KEEP_ALIVE = 5000;
/** How often a port that is taken is asked for, and how long after the last time. */
const TRIES = 6, PAUSE = 100;
/** No connection for so long: none waits to be accepted either. */
const QUIET = 100;

/**
 * Listens. The port belongs to one process, or to two while one takes over: so it is also what keeps another service
 * away (T34).
 *
 * @param listening Where.
 * @param state What to tell about.
 * @param now The clock.
 * @param options Whether and how the port is shared.
 * @returns The server.
 * @throws {Error} When the port is taken or the address is not this machine's; `code` says which.
 */
export async function serveHealth(
  listening: Listening,
  state: ServiceState,
  now: () => number,
  { sharing, joins = false }: ServeOptions = {},
): Promise<HealthServer> {
  const { createServer } = await import("node:http");
  let { port } = listening;
  let isRetiring = false;
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE }, (request, response) => {
    // What comes with a request is not read: none of the answers depends on it.
    request.resume();
    if (isRetiring) response.setHeader("connection", "close");
    answer(request, response, { listening: { ...listening, port }, state, now });
  });
  server.requestTimeout = 10_000;
  server.headersTimeout = 10_000;
  const connections = countConnections(server);
  // Sharing needs the leave of everybody on the port: without it this finds whoever is there.
  if (sharing !== undefined && !joins) {
    await listen(server, listening, false);
    await stop(server);
  }
  port = await listen(server, listening, sharing !== undefined);
  const isShared = sharing?.steer(port, "newcomer") ?? false;
  if (sharing !== undefined && !joins && sharing.listeners(port) > 1) {
    await stop(server);
    throw Object.assign(new Error(`Cannot listen on port ${port}: it is in use`), { code: "EADDRINUSE" });
  }
  return {
    port,
    isShared,
    retire: () => void (isRetiring = true),
    resume() {
      isRetiring = false;
      sharing?.steer(port, "incumbent");
    },
    async close(to) {
      if (isShared && to !== undefined) {
        sharing!.steer(port, to);
        isRetiring = true;
        await connections.quiet(to === "newcomer" ? KEEP_ALIVE + GRACE : GRACE);
      }
      await stop(server);
    },
  };
}

/**
 * Returns the port. A process that was just forked keeps the sockets of the one before it until it becomes another program,
 * so that a port which was given up a moment ago can still be taken.
 */
async function listen(server: Server, listening: Listening, reusePort: boolean): Promise<number> {
  for (let tries = TRIES;; tries--) {
    try {
      return await listenOnce(server, listening, reusePort);
    } catch (error) {
      if ((error as { code?: unknown }).code !== "EADDRINUSE" || tries <= 1) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }
}

async function listenOnce(server: Server, { host, port }: Listening, reusePort: boolean): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, exclusive: true, reusePort }, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(() => server.closeAllConnections(), GRACE);
    server.close(() => {
      clearTimeout(late);
      resolve();
    });
    server.closeIdleConnections();
  });
}

/** Tells when there has been no connection for a moment. */
function countConnections(server: Server): { quiet: (patience: number) => Promise<void> } {
  let open = 0;
  let changed = (): void => {};
  server.on("connection", (socket) => {
    open++;
    changed();
    socket.once("close", () => {
      open--;
      changed();
    });
  });
  return {
    quiet: (patience) =>
      new Promise((resolve) => {
        let timer: ReturnType<typeof setTimeout> | undefined;
        const end = setTimeout(done, patience);
        function done(): void {
          clearTimeout(timer);
          clearTimeout(end);
          changed = () => {};
          resolve();
        }
        changed = () => {
          clearTimeout(timer);
          timer = open === 0 ? setTimeout(done, QUIET) : undefined;
        };
        changed();
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
