/**
 * Which Deno compiles, and which runtime it puts the program into.
 *
 * @module
 */

import { recoverableDenos, recoveredDenort } from "../denort.ts";
import { npmFile, type PinnedFile } from "../npm_package.ts";
import { hostPlatform } from "./platforms.ts";

/** A Deno, and the runtime it shall use. */
export interface Toolchain {
  /** The path of Deno. */
  readonly deno: string;
  /** Its version. */
  readonly version: string;
  /** The path of the runtime; Deno downloads its makers' own when there is none. */
  readonly denort?: string;
  /** How long that may take, in milliseconds; there is no limit when absent. */
  readonly timeout?: number;
}

/** Deno itself as published on npm by its makers, for the platforms where a recovered runtime needs another version. */
const DENOS: readonly (PinnedFile & { readonly platform: string })[] = [
  {
    platform: "linux-x86_64",
    name: "@deno/linux-x64-glibc",
    version: "2.9.4",
    file: "deno",
    sha256: "1d97ecaf9e6bbb2a99e991caaf64ba9d62bf98759e8ef9938b9005855772b017",
  },
  {
    platform: "linux-x86_64",
    name: "@deno/linux-x64-glibc",
    version: "2.7.11",
    file: "deno",
    sha256: "e518fbc96877fbc2b37820ec54a02e473166cb25a5d4d627ffde37360fd7d210",
  },
];

/** The Deno that runs this script, with the official runtime. */
export function officialToolchain(timeout: number | undefined): Toolchain {
  return { deno: Deno.execPath(), version: Deno.version.deno, ...timeout === undefined ? {} : { timeout } };
}

/**
 * A Deno with a recovered runtime, which is good for trying things out and for nothing else.
 *
 * @param platform The platform to compile for.
 * @returns The toolchain, or `undefined` when none is known for this platform that runs on this machine.
 */
export async function recoveredToolchain(platform: string): Promise<Toolchain | undefined> {
  for (const version of ownVersionFirst(recoverableDenos(platform))) {
    const deno = await obtainDeno(version);
    if (deno !== undefined) return { deno, version, denort: await recoveredDenort(version, platform) };
  }
  return undefined;
}

function ownVersionFirst(versions: readonly string[]): string[] {
  const own = Deno.version.deno;
  return versions.includes(own) ? [own, ...versions.filter((version) => version !== own)] : [...versions];
}

async function obtainDeno(version: string): Promise<string | undefined> {
  if (version === Deno.version.deno) return Deno.execPath();
  const pinned = DENOS.find((deno) => deno.version === version && deno.platform === hostPlatform());
  return pinned && await npmFile(pinned);
}
