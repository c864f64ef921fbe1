/**
 * A port for a server that is started later, or started again.
 *
 * @module
 */

import { createServer } from "node:net";

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

async function isFree(port: number, host: string): Promise<boolean> {
  const server = createServer();
  const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    server.once("error", resolve);
    server.listen(port, host, () => resolve(undefined));
  });
  if (error?.code === "EADDRINUSE" || error?.code === "EACCES") return false;
  if (error !== undefined) throw error;
  await new Promise((resolve) => void server.close(resolve));
  return true;
}
