/**
 * Makes a Linux machine with an x86_64 processor run executables for ARM64: QEMU's user-mode emulator, registered with
 * the kernel, and the C library of that processor. For tests.
 *
 * @module
 */

import { exists } from "../build_cache.ts";

const LIBRARIES = "/usr/aarch64-linux-gnu";
const REGISTRY = "/proc/sys/fs/binfmt_misc";
const REGISTRATION = "/usr/lib/binfmt.d/qemu-aarch64.conf";

/** Where programs look for the loader and the libraries when their environment does not say: a probe's is empty. */
const LINKS: readonly (readonly [string, string])[] = [
  ["/usr/lib/ld-linux-aarch64.so.1", `${LIBRARIES}/lib/ld-linux-aarch64.so.1`],
  ["/usr/lib/aarch64-linux-gnu", `${LIBRARIES}/lib`],
];

/** The environment that executables for ARM64 need here. */
export const ARM64_ENVIRONMENT: Readonly<Record<string, string>> = { QEMU_LD_PREFIX: LIBRARIES };

/**
 * Prepares this machine. May be called again.
 *
 * @returns Why it cannot be done here, or `undefined` when executables for ARM64 run now.
 */
export async function prepareArm64(): Promise<string | undefined> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return "only root on Linux can register an emulator";
  if (Deno.build.arch === "aarch64") return undefined;
  if (!await exists(REGISTRATION) || !await exists(LIBRARIES)) {
    return "the packages qemu-user-static, libc6-arm64-cross and libgcc-s1-arm64-cross are not installed";
  }
  if (!await exists(`${REGISTRY}/register`)) {
    const { success } = await new Deno.Command("mount", {
      args: ["-t", "binfmt_misc", "binfmt_misc", REGISTRY],
    })
      .output();
    if (!success) return "the kernel cannot register emulators here";
  }
  if (!await exists(`${REGISTRY}/qemu-aarch64`)) {
    await Deno.writeTextFile(`${REGISTRY}/register`, await Deno.readTextFile(REGISTRATION));
  }
  for (const [link, target] of LINKS) {
    if (!await exists(link)) await Deno.symlink(target, link);
  }
  return undefined;
}
