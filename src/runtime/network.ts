/**
 * HTTP in networks with a proxy or a certificate authority of their own.
 *
 * @module
 */

import type { Fetch } from "./types.ts";

/** What is special about the network. */
export interface NetworkOptions {
  /**
   * The proxy for all requests, `http://user:password@host:port`, except those that `NO_PROXY` names. Deno also takes
   * `socks5://`.
   * @default what `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say
   */
  readonly proxy?: string | undefined;
  /** Path of certificates in PEM that are trusted besides the well-known ones. */
  readonly caFile?: string | undefined;
}

/**
 * Makes a `fetch` for a network with a proxy or a certificate authority of its own.
 *
 * The default runtime already follows the proxy variables, on every runtime, and trusts the certificates of
 * `SSL_CERT_FILE`, `NODE_EXTRA_CA_CERTS` and, with Deno on Linux, of the system's store. Certificates are always checked.
 *
 * Permissions (Deno): reading `caFile`; the environment.
 *
 * @example A company's own authority
 * ```ts
 * import { networkFetch, systemRuntime } from "@cco/updater";
 * import assert from "node:assert/strict";
 *
 * const fetch = await networkFetch({ proxy: "http://user:password@127.0.0.1:3128" });
 * const runtime = { ...systemRuntime(), fetch };
 * assert.equal(typeof runtime.fetch, "function");
 * ```
 *
 * @param options What is special about the network.
 * @returns A `fetch` for `Runtime`.
 * @throws {TypeError} When the proxy's address cannot be read, or the file has no certificates in it.
 * @throws {FileError} When the file cannot be read.
 */
export async function networkFetch(options: NetworkOptions = {}): Promise<Fetch> {
  if (options.proxy !== undefined) {
    const { requireProxy } = await import("./machine/proxy_choice.ts");
    requireProxy(options.proxy);
  }
  if ("Deno" in globalThis) return (await import("./deno/fetch.ts")).denoFetch(options);
  if ("Bun" in globalThis) return await (await import("./node/bun_fetch.ts")).bunFetch(options);
  return await (await import("./node/fetch.ts")).nodeFetch(options);
}
