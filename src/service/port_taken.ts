/**
 * Whether a service could listen, asked before anything is stopped or started for it.
 *
 * @module
 */

import type { Listening } from "./guard.ts";

/** A program on this machine accepts at once. */
const PATIENCE = 1000;

/**
 * Looks whether somebody listens at an address already. It connects and does not listen itself: a service that starts at
 * this moment must not find the port taken by who only asks.
 *
 * @param at The address and the port.
 * @returns Whether somebody does.
 */
export async function isPortTaken({ host, port }: Listening): Promise<boolean> {
  const { connect } = await import("node:net");
  return await new Promise((resolve) => {
    const give = (isTaken: boolean): void => {
      clearTimeout(late);
      socket.destroy();
      resolve(isTaken);
    };
    const everywhere: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };
    const socket = connect({ host: everywhere[host] ?? host, port });
    const late = setTimeout(() => give(false), PATIENCE);
    socket.on("connect", () => give(true));
    socket.on("error", () => give(false));
  });
}
