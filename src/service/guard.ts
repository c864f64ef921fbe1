/**
 * Who may ask the service: programs on this machine, not web pages that a browser on it has open.
 *
 * @module
 */

/** What is looked at of a request. */
export interface Asked {
  /** The method. */
  readonly method: string | undefined;
  /** The target as it stands in the request line. */
  readonly target: string | undefined;
  /** All fields named `Host`, as they arrived. */
  readonly hosts: readonly string[];
  /** Whether there is an `Origin`. */
  readonly hasOrigin: boolean;
  /** `Sec-Fetch-Site`, as browsers send it. */
  readonly site: string | undefined;
}

/** Where the service listens. */
export interface Listening {
  /** The address as it was asked for. */
  readonly host: string;
  /** The port. */
  readonly port: number;
}

const NAMES: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];
const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/;

/**
 * Decides about a request.
 *
 * A page that has its own name point to this machine (DNS rebinding) shows that name in `Host`; one that sends requests
 * across sites shows `Origin` or `Sec-Fetch-Site` (T33). A service that listens on more than loopback also answers to its
 * addresses as numbers, which no page can choose.
 *
 * @param asked The request.
 * @param listening Where the service listens.
 * @returns The status to refuse with, or what was asked for.
 */
export function guard(asked: Asked, listening: Listening): 403 | 404 | 405 | "/health" | "/metrics" {
  const [host, ...others] = asked.hosts;
  if (host === undefined || others.length > 0 || !isOurs(host, listening)) return 403;
  if (asked.hasOrigin || (asked.site !== undefined && asked.site !== "none")) return 403;
  if (asked.target !== "/health" && asked.target !== "/metrics") return 404;
  return asked.method === "GET" || asked.method === "HEAD" ? asked.target : 405;
}

/**
 * Tells whether an address is this machine's own.
 *
 * @param host A name or an address.
 * @returns Whether only this machine reaches it.
 */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

function isOurs(header: string, { host, port }: Listening): boolean {
  const [, name, given] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(header.toLowerCase()) ?? [];
  if (name === undefined || Number(given ?? 80) !== port) return false;
  return NAMES.includes(name) || isLoopback(name) || (!isLoopback(host) && ADDRESS.test(name));
}
