/**
 * Which proxy a request goes through, by the variables that curl and most other programs read.
 *
 * @module
 */

/** The proxies of a machine, as its environment names them. */
export interface ProxySettings {
  readonly http: string | undefined;
  readonly https: string | undefined;
  /** Hosts that are asked directly. */
  readonly except: string;
}

/** The variables that name proxies; their lower-case forms count too. */
export const PROXY_VARIABLES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] as const;

/**
 * Reads the proxies out of the environment.
 *
 * The lower-case names win, as with curl. `HTTP_PROXY` does not count in a CGI program, where it would be a header that
 * a stranger sent.
 *
 * @param env Reads a variable.
 */
export function proxySettings(env: (name: string) => string | undefined): ProxySettings {
  const read = (name: string) => env(name.toLowerCase()) || env(name) || undefined;
  const isCgi = env("REQUEST_METHOD") !== undefined;
  const all = read("ALL_PROXY");
  return {
    http: (isCgi ? env("http_proxy") || undefined : read("HTTP_PROXY")) ?? all,
    https: read("HTTPS_PROXY") ?? all,
    except: read("NO_PROXY") ?? "",
  };
}

/**
 * The proxy for an address.
 *
 * @param url The address.
 * @param settings The machine's proxies.
 * @returns The proxy's address, or `undefined` to ask directly.
 */
export function proxyFor(url: URL, { http, https, except }: ProxySettings): string | undefined {
  const proxy = url.protocol === "https:" ? https : http;
  if (proxy === undefined || isExcepted(url, except)) return undefined;
  return proxy.includes("://") ? proxy : `http://${proxy}`;
}

/**
 * Reads a proxy's address, of an option or a variable.
 *
 * A proxy is there to be gone through: with an address that says nothing, nobody is asked directly instead (T17).
 *
 * @param proxy The address.
 * @throws {TypeError} When it cannot be read, or this runtime does not speak to proxies of that kind.
 */
export function requireProxy(proxy: string): URL {
  const speaksSocks = "Deno" in globalThis;
  const url = URL.canParse(proxy) ? new URL(proxy) : undefined;
  const scheme = url?.protocol ?? "";
  if (url && (/^https?:$/.test(scheme) || (speaksSocks && /^socks5h?:$/.test(scheme)))) return url;
  const wanted = speaksSocks ? "http://, https:// or socks5:// address" : "http:// or https:// address";
  // The value stays unsaid: there may be a password in it (T17).
  throw new TypeError(`Cannot use the proxy: current value is no ${wanted}`);
}

/**
 * The user and password in a proxy's address.
 *
 * @param proxy The address.
 * @returns Both, decoded where they are encoded; `undefined` when there is no user.
 */
export function proxyCredentials(
  { username, password }: URL,
): { readonly username: string; readonly password: string } | undefined {
  return username === "" ? undefined : { username: decoded(username), password: decoded(password) };
}

/** A percent sign that encodes nothing is meant as it stands. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** `NO_PROXY`: names with everything below them, addresses, networks, each with a port or without, or `*`. */
function isExcepted(url: URL, except: string): boolean {
  const host = url.hostname.toLowerCase().replace(/^\[|\]$|\.$/g, "");
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  return except.toLowerCase().split(/[\s,]+/).filter((entry) => entry !== "").some((entry) => {
    const [name, wantedPort] = splitPort(entry);
    return entry === "*" || ((wantedPort === undefined || wantedPort === port) && matches(host, name));
  });
}

/** `name`, `name:port`, `[::1]:port` or `::1`. */
function splitPort(entry: string): [name: string, port: string | undefined] {
  const [, address, itsPort] = /^\[([^\]]+)\](?::(\d+))?$/.exec(entry) ?? [];
  if (address !== undefined) return [address, itsPort];
  const [, name, port] = /^([^:]+):(\d+)$/.exec(entry) ?? [];
  return name === undefined ? [entry, undefined] : [name, port];
}

function matches(host: string, entry: string): boolean {
  if (/^[\d.]+\/\d+$/.test(entry)) return isInNetwork(host, entry);
  const name = entry.replace(/^\*?\./, "").replace(/\.$/, "");
  return host === name || (host.endsWith(`.${name}`) && !/^[\d.]+$/.test(host));
}

/** IPv4 only: `10.0.0.0/8`. */
function isInNetwork(host: string, network: string): boolean {
  const [base = "", bits = "32"] = network.split("/");
  const [a, b] = [numberOf(host), numberOf(base)];
  if (a === undefined || b === undefined || Number(bits) > 32) return false;
  const size = 2 ** (32 - Number(bits));
  return Math.floor(a / size) === Math.floor(b / size);
}

function numberOf(address: string): number | undefined {
  const parts = address.split(".").map(Number);
  const isAddress = /^\d+(\.\d+){3}$/.test(address) && parts.every((part) => part <= 255);
  return isAddress ? parts.reduce((sum, part) => sum * 256 + part, 0) : undefined;
}
