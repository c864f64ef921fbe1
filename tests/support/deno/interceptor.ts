/**
 * A proxy that leads every connection, whatever it is for, to one server: what a company's or a thief's does.
 *
 * @module
 */

import { connect, createServer, type Socket } from "node:net";
import type { TestContext } from "node:test";

/** A running interceptor. */
export interface Interceptor {
  /** Its address, for `HTTPS_PROXY`. */
  readonly url: string;
  /** The hosts that were asked for. */
  readonly hosts: ReadonlySet<string>;
}

/**
 * Starts one; it ends with the test.
 *
 * @param t The test.
 * @param target The address of the server that gets the connections.
 */
export async function startInterceptor(t: Pick<TestContext, "after">, target: string): Promise<Interceptor> {
  const hosts = new Set<string>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("data", (head: Uint8Array) => {
      const [, host] = /^CONNECT ([^:\s]+)/.exec(new TextDecoder().decode(head)) ?? [];
      if (host === undefined) return void socket.destroy();
      hosts.add(host);
      const other = connect(Number(new URL(target).port), "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
        socket.pipe(other).pipe(socket);
      });
      sockets.add(other);
      other.on("error", () => socket.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("The interceptor has no port");
  return { url: `http://127.0.0.1:${address.port}`, hosts };
}
