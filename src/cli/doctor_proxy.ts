/**
 * What `cco doctor` finds about the proxy: which one is used, and whether anything answers there.
 *
 * @module
 */

import { shownValue } from "../config/settings.ts";
import type { Finding } from "./doctor.ts";
import { mendOf } from "./doctor_account.ts";
import type { Invocation } from "./invocation.ts";

const VARIABLES: readonly string[] = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY"];
const PORTS: ReadonlyMap<string, number> = new Map([["http:", 80], ["https:", 443], ["socks5:", 1080]]);

/**
 * Names the proxy and connects to it; nothing is sent.
 *
 * @param invocation The run.
 * @param signal Ends the attempt to connect.
 * @returns What was found.
 */
export async function proxyCheck(invocation: Invocation, signal: AbortSignal): Promise<Finding> {
  const name = "Proxy";
  const proxy = await proxyOf(invocation);
  if (proxy === undefined) return { name, status: "ok", message: "none" };
  const { address, where, mend } = proxy;
  const shown = `${shownValue(address)} (${where})`;
  const problem = (why: string): Finding => ({ name, status: "problem", message: `${shown}: ${why}`, mend });
  const url = parse(address);
  if (url === undefined) return problem("this is not an address");
  try {
    await connect(url, signal);
    return { name, status: "ok", message: shown };
  } catch {
    invocation.world.terminal.signal.throwIfAborted();
    return problem("nothing answers there");
  }
}

async function proxyOf(
  invocation: Invocation,
): Promise<{ address: string; where: string; mend: string } | undefined> {
  const settings = await invocation.settings();
  const address = settings.get("updates.proxy");
  if (address !== undefined) {
    return { address, where: "updates.proxy", mend: mendOf(invocation, settings.origin("updates.proxy")) };
  }
  for (const where of VARIABLES) {
    const value = invocation.world.terminal.env(where);
    if (value) return { address: value, where, mend: `Change or unset ${where} in the environment` };
  }
  return undefined;
}

/** Variables are often written without `http://`. */
function parse(address: string): URL | undefined {
  const text = /^[\w+.-]+:\/\//.test(address) ? address : `http://${address}`;
  return URL.canParse(text) ? new URL(text) : undefined;
}

async function connect({ hostname, port, protocol }: URL, signal: AbortSignal): Promise<void> {
  const { createConnection } = await import("node:net");
  const socket = createConnection({
    host: hostname.replace(/^\[|\]$/g, ""),
    port: Number(port) || (PORTS.get(protocol) ?? 80),
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stop = (): void => reject(signal.reason);
  socket.once("connect", resolve);
  socket.once("error", reject);
  signal.addEventListener("abort", stop, { once: true });
  try {
    signal.throwIfAborted();
    await promise;
  } finally {
    signal.removeEventListener("abort", stop);
    // Whatever comes after the answer is of no interest.
    socket.on("error", () => {});
    socket.destroy();
  }
}
