/**
 * HTTP on Node in networks with a proxy or a certificate authority of their own.
 *
 * Node's own `fetch` ignores the proxy variables (20 and 22 always, 24 unless `NODE_USE_ENV_PROXY` is set) and takes no
 * certificates; `node:http` and `node:https` do what is needed without another package.
 */

import { readFile } from "node:fs/promises";
import { rootCertificates } from "node:tls";
import { CERTIFICATE_VARIABLES, requireCertificates } from "../machine/certificates.ts";
import { fileError } from "../machine/file_error.ts";
import { proxyFor, type ProxySettings, proxySettings } from "../machine/proxy_choice.ts";
import type { NetworkOptions } from "../network.ts";
import type { Fetch } from "../types.ts";
import { requestThrough } from "./request_through.ts";

/**
 * Makes a `fetch` for the network as options and environment describe it.
 *
 * @param options The proxy, and the file with the certificates.
 * @returns Node's own `fetch` where nothing is special.
 */
export async function nodeFetch({ proxy, caFile }: NetworkOptions): Promise<Fetch> {
  const settings = settingsFor(proxy);
  const ca = await authorities(caFile);
  return (url, init) => {
    const through = proxyFor(new URL(url), settings);
    if (through === undefined && (ca === undefined || !url.startsWith("https:"))) return fetch(url, init);
    return requestThrough(new URL(url), init, { proxy: through, ca });
  };
}

function settingsFor(proxy: string | undefined): ProxySettings {
  const settings = proxySettings((name) => process.env[name]);
  if (proxy !== undefined) return { ...settings, http: proxy, https: proxy };
  const follows = process.env["NODE_USE_ENV_PROXY"] === "1" && Number.parseInt(process.versions.node) >= 24;
  return follows ? { http: undefined, https: undefined, except: "" } : settings;
}

/** A list of one's own replaces Node's: the well-known ones and `NODE_EXTRA_CA_CERTS` go into it too. */
async function authorities(caFile: string | undefined): Promise<string[] | undefined> {
  if (caFile === undefined && !process.env["SSL_CERT_FILE"]) return undefined;
  const own = caFile === undefined ? [] : [await readCertificates(caFile)];
  const named = CERTIFICATE_VARIABLES.flatMap((name) => process.env[name] || []);
  const others = await Promise.all(named.map((path) => readCertificates(path).catch(() => undefined)));
  return [...rootCertificates, ...own, ...others.filter((text) => text !== undefined)];
}

async function readCertificates(path: string): Promise<string> {
  const text = await readFile(path, "utf8").catch((error) => {
    throw fileError("read", path, error);
  });
  return requireCertificates(text, path);
}
