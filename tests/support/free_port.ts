/**
 * A port for a server that is started later, or started again.
 *
 * @module
 */

import { connect } from "node:net";

/** Systems give clients the numbers above these (Linux 32768, the others 49152): whoever connects somewhere gets one. */
const LOWEST = 20_000;
const COUNT = 12_000;

/**
 * A port of this machine that nobody listens on, and that no client is given by chance before somebody does.
 *
 * @param host The address to listen on later.
 * @returns The port.
 */
export async function freePort(host = "127.0.0.1"): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * COUNT);
    if (await isFree(port, host)) return port;
  }
}

/** Nobody answers there. Listening to find out would keep the port taken for as long as a process that is forked just then. */
function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(false);
    });
    socket.once("error", () => resolve(true));
  });
}
