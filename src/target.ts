/**
 * Targets: the names of platforms in a manifest, and which of them fit a machine.
 *
 * @module
 */

import type { Runtime } from "./runtime/types.ts";

/** What a machine is, as far as choosing a file for it goes. */
export type Machine = Pick<Runtime, "os" | "arch" | "libc">;

/** Canonical name by the names that other tools use for the same thing (Deno and Rust triples, uname). */
const ARCH_ALIASES: ReadonlyMap<string, string> = new Map([
  ["x86_64", "x86_64"],
  ["x64", "x86_64"],
  ["amd64", "x86_64"],
  ["aarch64", "aarch64"],
  ["arm64", "aarch64"],
]);

const OS_ALIASES: ReadonlyMap<string, string> = new Map([
  ["linux", "linux"],
  ["darwin", "darwin"],
  ["macos", "darwin"],
  ["windows", "windows"],
  ["win32", "windows"],
]);

/** What else a triple may say without being about another system. `android` or `gnux32` are other systems. */
const OTHER_PARTS: ReadonlySet<string> = new Set(["unknown", "pc", "apple", "gnu", "musl", "msvc"]);

/** What else runs on a machine, by its own target. */
const ALSO_RUNS: ReadonlyMap<string, string> = new Map([
  ["linux-x86_64", "linux-x86_64-musl"],
  ["linux-aarch64", "linux-aarch64-musl"],
  ["darwin-arm64", "darwin-x86_64"],
  ["windows-aarch64", "windows-x86_64"],
]);

/**
 * Brings a platform's name to its canonical form: `linux-x86_64`, `darwin-arm64`, `linux-x86_64-musl`.
 *
 * Accepts these names themselves, Deno's and Rust's target triples, and common other spellings. A name that it does
 * not know comes back unchanged, so that a manifest may list platforms this program has never heard of.
 *
 * @param name A platform's name as a manifest has it.
 * @returns The canonical name.
 */
export function canonicalTarget(name: string): string {
  const parts = name.split("-");
  const systems = parts.flatMap((part) => OS_ALIASES.get(part) ?? []);
  const processors = parts.flatMap((part) => ARCH_ALIASES.get(part) ?? []);
  const others = parts.filter((part) => OTHER_PARTS.has(part));
  const [os, arch] = [systems[0], processors[0]];
  // A word too many may be the one that matters: `aarch64-linux-android` does not run on Linux as we know it.
  if (os === undefined || arch === undefined || parts.length !== 2 + others.length) return name;
  return targetName({ os, arch, libc: others.includes("musl") ? "musl" : "gnu" });
}

/**
 * The canonical name of a machine's platform.
 *
 * @param machine What the machine is.
 * @returns Its name, such as `linux-x86_64` or `linux-x86_64-musl`.
 */
export function targetName(machine: Machine): string {
  const arch = machine.os === "darwin" && machine.arch === "aarch64" ? "arm64" : machine.arch;
  const musl = machine.os === "linux" && machine.libc === "musl" ? "-musl" : "";
  return `${machine.os}-${arch}${musl}`;
}

/**
 * The targets whose executables run on a machine, best first: a musl system runs no glibc program, but a glibc system
 * runs a static musl one, and macOS and Windows on ARM run x86_64 programs by translation.
 *
 * @param target The machine's canonical target.
 * @returns The target itself and what else runs there.
 */
export function runnableTargets(target: string): string[] {
  const other = ALSO_RUNS.get(target);
  return other === undefined ? [target] : [target, other];
}
