/**
 * Makes a Linux machine with an x86_64 processor run executables for ARM64: QEMU's user-mode emulator, registered with
 * the kernel, and the C library of that processor. For tests.
 *
 * @module
 */

import { exists } from "../build_cache.ts";
import type { Emulator } from "./emulator.ts";

const LIBRARIES = "/usr/aarch64-linux-gnu";
const REGISTRY = "/proc/sys/fs/binfmt_misc";
const REGISTRATION = "/usr/lib/binfmt.d/qemu-aarch64.conf";

/** Where programs look for the loader and the libraries when their environment does not say: a probe's is empty. */
const LINKS: readonly (readonly [string, string])[] = [
  ["/usr/lib/ld-linux-aarch64.so.1", `${LIBRARIES}/lib/ld-linux-aarch64.so.1`],
  ["/usr/lib/aarch64-linux-gnu", `${LIBRARIES}/lib`],
];

/**
 * Prepares this machine, as root. May be called again; what the system has been told stays.
 *
 * @returns The emulator, or why it cannot be had here.
 */
export async function prepareArm64(): Promise<Emulator | string> {
  if (!await exists(REGISTRATION) || !await exists(`${LIBRARIES}/lib/ld-linux-aarch64.so.1`)) {
    return "the packages qemu-user-static, libc6-arm64-cross and libgcc-s1-arm64-cross are not installed";
  }
  if (!await register()) return "the kernel cannot register emulators here";
  for (const [link, target] of LINKS) {
    if (!await exists(link)) await Deno.symlink(target, link);
  }
  return {
    platform: "linux-aarch64",
    shared: {},
    path: (path) => path,
    command: (executable, args) => ({
      command: executable,
      args: [...args],
      env: { QEMU_LD_PREFIX: LIBRARIES },
    }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function register(): Promise<boolean> {
  if (await exists(`${REGISTRY}/qemu-aarch64`)) return true;
  if (!await exists(`${REGISTRY}/register`)) {
    const args = ["-t", "binfmt_misc", "binfmt_misc", REGISTRY];
    const { success } = await new Deno.Command("mount", { args, stderr: "null" }).output();
    if (!success) return false;
  }
  if (await exists(`${REGISTRY}/qemu-aarch64`)) return true;
  try {
    await Deno.writeTextFile(`${REGISTRY}/register`, await Deno.readTextFile(REGISTRATION));
    return true;
  } catch {
    return false;
  }
}
