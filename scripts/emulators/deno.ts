/**
 * Deno for the emulated platforms, as its makers publish it on npm. For tests.
 *
 * @module
 */

import { join } from "node:path";
import { npmCache, npmFile, type PinnedFile } from "../npm_package.ts";
import type { EmulatedPlatform } from "./emulator.ts";

const DENOS: Readonly<Record<EmulatedPlatform, PinnedFile>> = {
  "windows-x86_64": {
    name: "@deno/win32-x64",
    version: "2.9.4",
    file: "deno.exe",
    sha256: "4a2757fe99afc2c62c46500c8221cfa0189ac4bfb7064141875ad9c0f04b60ef",
  },
  "linux-aarch64": {
    name: "@deno/linux-arm64-glibc",
    version: "2.9.4",
    file: "deno",
    sha256: "7d87b8a5225485ddea1786024f875b2b3422c31100ba11cb2e36b6125959e218",
  },
};

/** The executable, on this machine. */
export async function emulatedDeno(platform: EmulatedPlatform): Promise<string> {
  return await npmFile(DENOS[platform]);
}

/**
 * Makes a folder for `DENO_DIR` with the packages of this machine's: the other Deno then needs no registry.
 *
 * @param folder The folder, which must not exist.
 * @param root The project whose packages are needed.
 */
export async function makeDenoFolder(folder: string, root: string): Promise<void> {
  const command = new Deno.Command(Deno.execPath(), { args: ["install", "--quiet", "--frozen"], cwd: root });
  const { success, stderr } = await command.output();
  if (!success) throw new Error(`deno install failed: ${new TextDecoder().decode(stderr)}`);
  await Deno.mkdir(folder);
  await Deno.symlink(await npmCache(), join(folder, "npm"));
}
