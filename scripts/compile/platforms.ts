/**
 * The platforms that `cco` is compiled for.
 *
 * @module
 */

import { targetName } from "../../src/target.ts";

/** One platform, by its names here, in a release and in Deno. */
export interface Platform {
  /** Its name in a manifest. */
  readonly name: string;
  /** Its name in Deno. */
  readonly triple: string;
  /** The executable's name. */
  readonly executable: string;
  /** The archive's format, which is also how its name ends. */
  readonly format: "tar.gz" | "zip";
}

/** All of them. */
export const PLATFORMS: readonly Platform[] = [
  { name: "linux-x86_64", triple: "x86_64-unknown-linux-gnu", executable: "cco", format: "tar.gz" },
  { name: "linux-aarch64", triple: "aarch64-unknown-linux-gnu", executable: "cco", format: "tar.gz" },
  { name: "darwin-x86_64", triple: "x86_64-apple-darwin", executable: "cco", format: "tar.gz" },
  { name: "darwin-arm64", triple: "aarch64-apple-darwin", executable: "cco", format: "tar.gz" },
  { name: "windows-x86_64", triple: "x86_64-pc-windows-msvc", executable: "cco.exe", format: "zip" },
];

/** The name of the platform that this script runs on. */
export function hostPlatform(): string {
  return targetName({ os: Deno.build.os, arch: Deno.build.arch, libc: "gnu" });
}

/**
 * The platforms that a list of names stands for.
 *
 * @param names Platforms' names, `host`, or `all`.
 * @returns Each platform once, in the order of {@link PLATFORMS}.
 * @throws {TypeError} When a name is none of these.
 */
export function platformsOf(names: readonly string[]): Platform[] {
  const wanted = new Set(names.map((name) => name === "host" ? hostPlatform() : name));
  for (const name of wanted) {
    if (name === "all" || PLATFORMS.some((platform) => platform.name === name)) continue;
    const known = PLATFORMS.map((platform) => platform.name).join(", ");
    throw new TypeError(`Cannot compile for ${JSON.stringify(name)}. Use: host, all, ${known}`);
  }
  return PLATFORMS.filter((platform) => wanted.has("all") || wanted.has(platform.name));
}
