/**
 * `fetch` through a corporate network: a proxy and certificates that the settings name.
 *
 * @module
 */

import type { Fetch } from "../../machine.ts";
import { ConfigError } from "../config/config_error.ts";
import type { Network } from "./terminal.ts";

/**
 * Makes a `fetch`, as `networkFetch` does it for every program; `NO_PROXY` counts for a proxy of the settings too.
 *
 * @param network The proxy and the file of certificates.
 * @returns The function.
 * @throws {ConfigError} When the file has no certificates or cannot be read.
 */
export async function fetchThrough(network: Network): Promise<Fetch> {
  const { networkFetch } = await import("../../checking.ts");
  try {
    return await networkFetch(network);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError("INVALID_VALUE", `Invalid settings for the network: ${why}`, { cause: error });
  }
}
