/**
 * A release as publishers make it: compiled executables, their archives, and the manifest that names them.
 *
 * @module
 */

import { basename } from "node:path";
import type { CompiledPlatform } from "../compile.ts";

/** One version of the program, compiled. */
export interface Version {
  /** The version. */
  readonly version: string;
  /** What was made of it, for each platform. */
  readonly compiled: readonly CompiledPlatform[];
  /** What is new in it. */
  readonly notes?: string;
}

/**
 * The text of a manifest.
 *
 * @param versions The versions, the newest last.
 * @param base The address under which the archives are, ending in `/`.
 * @returns The JSON text of a `version-manifest.json` whose stable channel points at the newest one.
 */
export function manifestText(versions: readonly Version[], base: string): string {
  const manifest = {
    schema: 1,
    app: "cco",
    sequence: versions.length,
    issued: new Date().toISOString(),
    latest: { stable: versions.at(-1)?.version },
    versions: Object.fromEntries(versions.map((version) => [version.version, release(version, base)])),
  };
  return JSON.stringify(manifest, undefined, 2);
}

function release({ compiled, notes }: Version, base: string): Record<string, unknown> {
  return {
    date: new Date().toISOString(),
    ...notes === undefined ? {} : { notes },
    platforms: Object.fromEntries(compiled.map((made) => [made.platform.name, asset(made, base)])),
  };
}

function asset({ executable, archive, platform }: CompiledPlatform, base: string): Record<string, unknown> {
  return {
    url: base + basename(archive.path),
    sha256: archive.sha256,
    size: archive.size,
    binary: { path: platform.executable, sha256: executable.sha256, size: executable.size },
  };
}
