/**
 * Who gets the connections when two processes listen on one port: on Linux the kernel decides as it is told.
 *
 * `SO_REUSEPORT` alone spreads connections over both, and those that wait for a process which closes its socket are lost.
 * A classic BPF program of one instruction, attached to both sockets, names the one that gets them all (socket(7),
 * `SO_ATTACH_REUSEPORT_CBPF`): the newcomer, and without one the only one that is left, also when the newcomer dies.
 *
 * @module
 */

import type { Listener, PortSharing } from "../service/port_sharing.ts";

/** `asm-generic/socket.h`: the same on x86_64 and aarch64. */
const SOL_SOCKET = 1;
const SO_ATTACH_REUSEPORT_CBPF = 51;
/** `linux/bpf_common.h`: return a constant, here the position of a socket in the order of their coming. */
const BPF_RET = 0x06;
const POSITIONS: Readonly<Record<Listener, number>> = { incumbent: 0, newcomer: 1 };
/** `net/tcp_states.h`, as `/proc/net/tcp` writes it (proc(5)). */
const LISTEN = "0A";

/** The sharing of ports on this machine, or `undefined` where the system has none that can be steered. */
export function portSharing(): PortSharing | undefined {
  if (Deno.build.os !== "linux") return undefined;
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return undefined;
  return { steer, listeners };
}

function steer(port: number, to: Listener): boolean {
  try {
    const socket = ownSocket(port);
    return socket !== undefined && attach(socket, POSITIONS[to]);
  } catch {
    // No /proc, no C library of this name, or a kernel that is none: the port is moved the slower way.
    return false;
  }
}

function listeners(port: number): number {
  try {
    const all = listening(port);
    const inode = inodeOf(ownSocket(port));
    const address = all.find((socket) => socket.inode === inode)?.address;
    return all.filter((socket) => socket.address === address).length;
  } catch {
    return 1;
  }
}

/** The number under which this process has a socket that listens on a port. */
function ownSocket(port: number): number | undefined {
  const inodes = new Set(listening(port).map(({ inode }) => inode));
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    const inode = inodeOf(Number(name));
    if (inode !== undefined && inodes.has(inode)) return Number(name);
  }
  return undefined;
}

function inodeOf(file: number | undefined): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(Deno.readLinkSync(`/proc/self/fd/${file}`))?.[1];
  } catch {
    return undefined;
  }
}

function listening(port: number): { address: string; inode: string }[] {
  const ending = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return ["tcp", "tcp6"].flatMap((table) => {
    const lines = Deno.readTextFileSync(`/proc/self/net/${table}`).split("\n");
    return lines.map((line) => line.trim().split(/\s+/))
      .map(([, address = "", , state, , , , , , inode = ""]) => ({ address, state, inode }))
      .filter(({ address, state }) => state === LISTEN && address.endsWith(ending));
  });
}

/** `struct sock_fprog` with its only `struct sock_filter` behind it (`linux/filter.h`). */
function attach(socket: number, position: number): boolean {
  const bytes = new Uint8Array(24);
  const program = new DataView(bytes.buffer);
  program.setUint16(0, 1, true);
  program.setBigUint64(8, Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes)) + 16n, true);
  program.setUint16(16, BPF_RET, true);
  program.setUint32(20, position, true);
  const system = Deno.dlopen("libc.so.6", {
    setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  });
  try {
    return system.symbols.setsockopt(socket, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, bytes, 16) === 0;
  } finally {
    system.close();
  }
}
