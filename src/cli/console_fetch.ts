/**
 * `fetch` through a corporate network: a proxy and certificates that the settings name.
 *
 * @module
 */

import type { Fetch } from "../../machine.ts";
import { ConfigError } from "../config/config_error.ts";
import type { Network } from "./terminal.ts";

/**
 * Makes a `fetch`.
 *
 * @param network The proxy and the file of certificates.
 * @returns The function; requests to this machine do not go through the proxy.
 * @throws {ConfigError} When the file cannot be read.
 */
export async function fetchThrough({ proxy, caFile }: Network): Promise<Fetch> {
  const caCerts = caFile === undefined ? [] : [await readCertificates(caFile)];
  const direct = Deno.createHttpClient({ caCerts });
  const client = proxy === undefined ? direct : Deno.createHttpClient({ caCerts, proxy: { url: proxy } });
  return (url, init) => fetch(url, { ...init, client: isLocal(url) ? direct : client });
}

async function readCertificates(path: string): Promise<string> {
  try {
    const text = await Deno.readTextFile(path);
    if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError("INVALID_VALUE", `Invalid certificate file: ${path}: ${why}`, { cause: error });
  }
  throw new ConfigError("INVALID_VALUE", `Invalid certificate file: ${path}: it holds no PEM certificate`);
}

function isLocal(url: string): boolean {
  return /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);
}
