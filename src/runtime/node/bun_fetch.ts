/** HTTP on Bun in networks with a proxy or a certificate authority of their own. */

import { proxyFor, proxySettings } from "../machine/proxy_choice.ts";
import type { NetworkOptions } from "../network.ts";
import type { Fetch } from "../types.ts";
import { authorities } from "./authorities.ts";

/**
 * Makes a `fetch` with a proxy and certificates of its own; the environment's are Bun's own business.
 *
 * @param options The proxy, and the file with the certificates.
 */
export async function bunFetch({ proxy, caFile }: NetworkOptions): Promise<Fetch> {
  const tls = caFile === undefined ? {} : { tls: { ca: await authorities(caFile) } };
  const { except } = proxySettings((name) => process.env[name]);
  return (url, init) => {
    const through = proxy && proxyFor(new URL(url), { http: proxy, https: proxy, except });
    return fetch(url, { ...init, ...tls, ...(through && { proxy: through }) });
  };
}
