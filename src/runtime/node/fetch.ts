/**
 * HTTP on Node in networks with a proxy or a certificate authority of their own.
 *
 * Node's own `fetch` ignores the proxy variables (20 and 22 always, 24 unless `NODE_USE_ENV_PROXY` is set) and takes no
 * certificates; `node:http` and `node:https` do what is needed without another package.
 */

import { proxyFor, type ProxySettings, proxySettings } from "../machine/proxy_choice.ts";
import type { NetworkOptions } from "../network.ts";
import type { Fetch } from "../types.ts";
import { authorities } from "./authorities.ts";
import { requestThrough } from "./request_through.ts";

/**
 * Makes a `fetch` for the network as options and environment describe it.
 *
 * @param options The proxy, and the file with the certificates.
 * @returns Node's own `fetch` where nothing is special.
 */
export async function nodeFetch({ proxy, caFile }: NetworkOptions): Promise<Fetch> {
  const settings = settingsFor(proxy);
  const ca = caFile === undefined && !process.env["SSL_CERT_FILE"] ? undefined : await authorities(caFile);
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
