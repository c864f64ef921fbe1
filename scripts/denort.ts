/**
 * For tests and the demo only: `denort`, the runtime that `deno compile` puts a program into, where it cannot be
 * downloaded from its makers.
 *
 * It is taken out of an executable that somebody published on npm and that was made by `deno compile`. Both the
 * executable and the result are compared with pinned digests, so everybody gets the same bytes; but nobody here can
 * tell whether they are the official ones. A release is therefore never made with it.
 *
 * @module
 */

import { join } from "node:path";
import { buildCache, exists, fileDigest, makeOnce } from "./build_cache.ts";
import { recoverElf } from "./denort/elf.ts";
import { recoverMachO } from "./denort/mach_o.ts";
import { recoverPe } from "./denort/pe.ts";
import { DENORT_PINS, type DenortPin } from "./denort/pins.ts";
import { npmFile } from "./npm_package.ts";

const ELF = "7f454c46";
const MACH_O = "cffaedfe";
const PE = "4d5a";

/**
 * The versions of Deno for which a runtime can be recovered, the preferred one first.
 *
 * @param platform The platform the runtime is for, such as `linux-x86_64`.
 */
export function recoverableDenos(platform: string): string[] {
  return DENORT_PINS.filter((pin) => pin.platform === platform).map((pin) => pin.deno);
}

/**
 * Tells whether a file is one of the runtimes that come from here.
 *
 * @param path The file.
 */
export async function isRecoveredDenort(path: string): Promise<boolean> {
  const digest = await fileDigest(path);
  return DENORT_PINS.some((pin) => pin.sha256 === digest);
}

/**
 * The path of a recovered runtime, made when it is not in the build cache yet. Says on standard error what it is.
 *
 * @param deno The version of Deno that will use it.
 * @param platform The platform it is for.
 * @param cache The build cache.
 */
export async function recoveredDenort(
  deno: string,
  platform: string,
  cache: string = buildCache(),
): Promise<string> {
  const pin = DENORT_PINS.find((pin) => pin.deno === deno && pin.platform === platform);
  if (!pin) {
    throw new Error(
      `Cannot recover a runtime of Deno ${deno} for ${platform}: no published executable is known`,
    );
  }
  const { name, version } = pin.executable;
  console.error(
    `For tests only: the runtime of Deno ${deno} for ${platform} comes from ${name}@${version} on npm, ` +
      "not from Deno's makers. Do not publish what is made with it.",
  );
  const folder = join(cache, "denort");
  const path = join(folder, `denort-${deno}-${platform}`);
  if (await exists(path) && await fileDigest(path) === pin.sha256) return path;
  await Deno.mkdir(folder, { recursive: true });
  await makeOnce(path, (temporary) => recoverTo(temporary, pin));
  return path;
}

async function recoverTo(path: string, pin: DenortPin): Promise<void> {
  const executable = await Deno.readFile(await npmFile(pin.executable));
  await Deno.writeFile(path, recover(executable), { mode: 0o755, createNew: true });
  const digest = await fileDigest(path);
  if (digest !== pin.sha256) {
    throw new Error(`Cannot use the recovered runtime: its SHA-256 digest is ${digest}, not ${pin.sha256}`);
  }
}

function recover(executable: Uint8Array): Uint8Array {
  const magic = executable.subarray(0, 4).toHex();
  if (magic === ELF) return recoverElf(executable);
  if (magic === MACH_O) return recoverMachO(executable);
  if (magic.startsWith(PE)) return recoverPe(executable);
  throw new Error(
    `Cannot recover the runtime: the file begins with ${magic}, which is no executable format known here`,
  );
}
