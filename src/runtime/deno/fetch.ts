/** HTTP on Deno in networks with a proxy or a certificate authority of their own. */

import { certificateFiles, requireCertificates } from "../machine/certificates.ts";
import { fileError } from "../machine/file_error.ts";
import { proxyFor, proxySettings } from "../machine/proxy_choice.ts";
import type { NetworkOptions } from "../network.ts";
import type { Fetch } from "../types.ts";

/**
 * Makes a `fetch` with a proxy and certificates of its own; the environment's proxies are Deno's own business.
 *
 * @param options The proxy, and the file with the certificates.
 */
export function denoFetch({ proxy, caFile }: NetworkOptions): Fetch {
  const caCerts = caFile === undefined ? machineCertificates() : [readCertificates(caFile)];
  const direct = Deno.createHttpClient({ caCerts });
  if (proxy === undefined) return (url, init) => fetch(url, { ...init, client: direct } as RequestInit);
  const proxied = Deno.createHttpClient({ caCerts, proxy: denoProxy(new URL(proxy)) });
  const settings = { http: proxy, https: proxy, except: proxySettings(readVariable).except };
  return (url, init) => {
    const client = proxyFor(new URL(url), settings) === undefined ? direct : proxied;
    return fetch(url, { ...init, client } as RequestInit);
  };
}

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
  machineClient ??= Deno.createHttpClient({ caCerts: machineCertificates() });
  return await fetch(url, { ...init, client: machineClient } as RequestInit);
}

let machineClient: Deno.HttpClient | undefined;

/** Whether a request failed because of an authority that Deno does not know. */
export function isUnknownAuthority(error: unknown): boolean {
  return error instanceof Error &&
    (error.message.includes("UnknownIssuer") || isUnknownAuthority(error.cause));
}

function denoProxy(url: URL): Deno.Proxy {
  const { username, password } = url;
  url.username = url.password = "";
  if (username === "") return { url: url.href };
  return {
    url: url.href,
    basicAuth: { username: decodeURIComponent(username), password: decodeURIComponent(password) },
  };
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
