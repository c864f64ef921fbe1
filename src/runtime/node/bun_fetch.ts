/** HTTP on Bun in networks with a proxy or a certificate authority of their own. */

import { readFile } from "node:fs/promises";
import { rootCertificates } from "node:tls";
import { requireCertificates } from "../machine/certificates.ts";
import { fileError } from "../machine/file_error.ts";
import { proxyFor, proxySettings } from "../machine/proxy_choice.ts";
import type { NetworkOptions } from "../network.ts";
import type { Fetch } from "../types.ts";

/**
 * Makes a `fetch` with a proxy and certificates of its own; the environment's are Bun's own business.
 *
 * @param options The proxy, and the file with the certificates.
 */
export async function bunFetch({ proxy, caFile }: NetworkOptions): Promise<Fetch> {
  const tls = caFile === undefined
    ? {}
    : { tls: { ca: [...rootCertificates, await readCertificates(caFile)] } };
  const { except } = proxySettings((name) => process.env[name]);
  return (url, init) => {
    const through = proxy && proxyFor(new URL(url), { http: proxy, https: proxy, except });
    return fetch(url, { ...init, ...tls, ...(through && { proxy: through }) });
  };
}

async function readCertificates(path: string): Promise<string> {
  const text = await readFile(path, "utf8").catch((error) => {
    throw fileError("read", path, error);
  });
  return requireCertificates(text, path);
}
