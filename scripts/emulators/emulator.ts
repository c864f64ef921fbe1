/**
 * What runs the executables of another platform on this machine. For tests.
 *
 * @module
 */

import { prepareArm64 } from "./arm64.ts";
import { openWine } from "./wine.ts";

/** The platforms whose executables can be run on Linux with an x86_64 processor. */
export const EMULATED = ["linux-aarch64", "windows-x86_64"] as const;

/** One of {@link EMULATED}. */
export type EmulatedPlatform = typeof EMULATED[number];

/** How a program of the other platform is started here. */
export interface EmulatedCommand {
  /** The program of this machine that does it. */
  readonly command: string;
  /** Its arguments. */
  readonly args: string[];
  /** Variables that the emulator itself needs, beside those of the program. */
  readonly env: Record<string, string>;
}

/** An emulator that is ready. `Symbol.asyncDispose` ends what it has started and removes its files. */
export interface Emulator extends AsyncDisposable {
  /** The platform. */
  readonly platform: EmulatedPlatform;
  /** The variables that another process needs to use this same emulator: see {@link openEmulator}. */
  readonly shared: Readonly<Record<string, string>>;
  /** A path of this machine as programs of the other platform write it. */
  path(path: string): string;
  /** How a program is started, `executable` being its path on this machine. */
  command(executable: string, args: readonly string[]): EmulatedCommand;
}

/**
 * Prepares this machine for the executables of a platform. Where the environment names the emulator of another process
 * (its `shared`), that one is used, and left to its owner.
 *
 * @param platform The platform.
 * @returns The emulator, or why there can be none here.
 */
export async function openEmulator(platform: EmulatedPlatform): Promise<Emulator | string> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return "it takes root on Linux";
  if (Deno.build.arch !== "x86_64") return "it takes an x86_64 processor";
  return platform === "windows-x86_64" ? await openWine() : await prepareArm64();
}
