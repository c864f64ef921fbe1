/** HTTP on Deno in networks with a proxy or a certificate authority of their own. */

import { certificateFiles, requireCertificates } from "../machine/certificates.ts";
import { fileError } from "../machine/file_error.ts";
import {
  PROXY_VARIABLES,
  proxyCredentials,
  proxyFor,
  proxySettings,
  requireProxy,
} from "../machine/proxy_choice.ts";
import type { NetworkOptions } from "../network.ts";
import type { Fetch } from "../types.ts";

/**
 * Makes a `fetch` with a proxy and certificates of its own; without a proxy, one that follows the environment's.
 *
 * @param options The proxy, and the file with the certificates.
 */
export function denoFetch({ proxy, caFile }: NetworkOptions): Fetch {
  const own = caFile === undefined ? [] : [readCertificates(caFile)];
  const first = clientFetch(own, proxy);
  let second: Fetch | undefined;
  return async (url, init) => {
    try {
      return await first(url, init);
    } catch (error) {
      if (!isUnknownAuthority(error)) throw error;
      second ??= clientFetch([...own, ...machineCertificates()], proxy);
      return await second(url, init);
    }
  };
}

/**
 * Fetches as the environment says where Deno reads it in another way: of `NO_PROXY` it leaves out `*`, ports and capital
 * letters, of two spellings of a variable it takes the upper-case one, and what it cannot read it ignores.
 *
 * @param url The address.
 * @param init The request.
 */
export async function fetchByVariables(url: string, init: RequestInit): Promise<Response> {
  fetchChoosing ??= clientFetch([], undefined);
  return await fetchChoosing(url, init);
}

let fetchChoosing: Fetch | undefined;

/**
 * Fetches again with the authorities of this machine, after one that Deno does not know has been met.
 *
 * Deno brings a list of its own and does not look at the machine's unless told to by a variable, which the users of a
 * compiled program do not know. Reading the store takes milliseconds: it is not done before it is needed.
 *
 * @param url The address.
 * @param init The request.
 */
export async function fetchTrustingMachine(url: string, init: RequestInit): Promise<Response> {
  fetchTrusting ??= clientFetch(machineCertificates(), undefined);
  return await fetchTrusting(url, init);
}

let fetchTrusting: Fetch | undefined;

/**
 * Whether a request failed because of an authority that Deno does not know. Of another one of the same name, such as a
 * company's previous one, it says that the signature is bad.
 */
export function isUnknownAuthority(error: unknown): boolean {
  return error instanceof Error &&
    (/UnknownIssuer|BadSignature/.test(error.message) || isUnknownAuthority(error.cause));
}

/**
 * Each connection is kept for the next request, so that there is one client for each proxy, and one without.
 *
 * Where the environment names the proxy, it is handed to the client all the same: Deno would prefer the upper-case names.
 */
function clientFetch(caCerts: string[], proxy: string | undefined): Fetch {
  const environment = proxySettings(readVariable);
  const settings = proxy === undefined ? environment : { ...environment, http: proxy, https: proxy };
  const clients = new Map<string | undefined, Deno.HttpClient>();
  return (url, init) => {
    const through = proxyFor(new URL(url), settings);
    const client = clients.get(through) ?? makeClient(caCerts, through);
    clients.set(through, client);
    return fetch(url, { ...init, client } as RequestInit);
  };
}

function makeClient(caCerts: string[], proxy: string | undefined): Deno.HttpClient {
  if (proxy === undefined) return withoutProxies(() => Deno.createHttpClient({ caCerts }));
  return Deno.createHttpClient({ caCerts, proxy: denoProxy(requireProxy(proxy)) });
}

/** A client takes the proxies from the environment when it is made, and there is no option against that. */
function withoutProxies<T>(make: () => T): T {
  const names = PROXY_VARIABLES.flatMap((name) => [name, name.toLowerCase()]);
  const hidden = names.flatMap((name) => {
    const value = readVariable(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  try {
    for (const [name] of hidden) Deno.env.delete(name);
    return make();
  } finally {
    for (const [name, value] of hidden) Deno.env.set(name, value);
  }
}

function denoProxy(url: URL): Deno.Proxy {
  const basicAuth = proxyCredentials(url);
  url.username = url.password = "";
  return { url: url.href, ...(basicAuth && { basicAuth }) };
}

function readCertificates(path: string): string {
  try {
    return requireCertificates(Deno.readTextFileSync(path), path);
  } catch (error) {
    if (error instanceof TypeError) throw error;
    throw fileError("read", path, error);
  }
}

/** What cannot be read, or only after asking the user for a permission, is left out. */
function machineCertificates(): string[] {
  return certificateFiles(readVariable, Deno.build.os).flatMap((path) => {
    try {
      if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return [];
      return [requireCertificates(Deno.readTextFileSync(path), path)];
    } catch {
      return [];
    }
  });
}

function readVariable(variable: string): string | undefined {
  const isAllowed = Deno.permissions.querySync({ name: "env", variable }).state === "granted";
  return isAllowed ? Deno.env.get(variable) : undefined;
}
