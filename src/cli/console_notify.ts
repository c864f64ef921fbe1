/**
 * Datagrams to a Unix socket. Neither `node:dgram` nor, without a flag for what may change, Deno has them; the C library
 * has, and what it sends carries this process's own number, which systemd looks at. `systemd-notify` would send another's.
 *
 * @module
 */

/** `bits/socket.h`: the same on x86_64 and aarch64. */
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_NOSIGNAL = 0x4000;
/** `sockaddr_un.sun_path` (unix(7)). */
const PATH_BYTES = 108;

/**
 * Sends one datagram.
 *
 * @param address A path, or a name of the abstract namespace with `@` before it.
 * @param message The datagram.
 * @throws {Error} When the address is too long, nobody listens there, or the system has no such sockets.
 */
export async function notify(address: string, message: string): Promise<void> {
  const to = socketAddress(address);
  const bytes = new TextEncoder().encode(message);
  const system = Deno.dlopen("libc.so.6", {
    socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
    // A queue that is full is waited for, elsewhere than on this thread.
    sendto: {
      parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"],
      result: "isize",
      nonblocking: true,
    },
    close: { parameters: ["i32"], result: "i32" },
  });
  try {
    const socket = system.symbols.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket < 0) throw new Error("Cannot notify systemd: there are no Unix sockets here");
    try {
      const sent = await system.symbols.sendto(
        socket,
        bytes,
        BigInt(bytes.length),
        MSG_NOSIGNAL,
        to,
        to.length,
      );
      if (sent !== BigInt(bytes.length)) {
        throw new Error(`Cannot notify systemd: nobody listens at ${address}`);
      }
    } finally {
      system.symbols.close(socket);
    }
  } finally {
    system.close();
  }
}

/** `struct sockaddr_un`: a name of the abstract namespace begins with a zero byte and has no end. */
function socketAddress(address: string): Uint8Array<ArrayBuffer> {
  const isAbstract = address.startsWith("@");
  const path = new TextEncoder().encode(isAbstract ? `\0${address.slice(1)}` : `${address}\0`);
  if (path.length > PATH_BYTES) throw new Error(`Cannot notify systemd: its address is too long: ${address}`);
  const bytes = new Uint8Array(2 + path.length);
  new DataView(bytes.buffer).setUint16(0, AF_UNIX, true);
  bytes.set(path, 2);
  return bytes;
}
