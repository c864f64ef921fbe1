/**
 * From flags to values that the publisher's functions take.
 *
 * @module
 */

import { readFile } from "../../machine.ts";
import type { Runtime } from "../publish/mod.ts";
import { EXIT, Failure } from "./failure.ts";
import type { Invocation } from "./invocation.ts";

/** A text file that a flag names, such as release notes: a manifest as a whole has 1 MiB. */
const TEXT_BYTES = 1024 * 1024;

/** Whether to write, and the machine. */
export function writeOptions(invocation: Invocation): { dryRun: boolean; runtime: Runtime } {
  return { dryRun: invocation.has("dry-run"), runtime: invocation.world.runtime };
}

/** The release folder's absolute path. */
export async function releaseFolder(invocation: Invocation): Promise<string> {
  return await absolutePath(invocation, invocation.flag("folder") ?? ".");
}

/**
 * The release that a command is about: an address as it is, else the absolute path of the folder, which the path of the
 * manifest inside stands for too.
 */
export async function releasePlace(invocation: Invocation): Promise<string> {
  const [place] = invocation.parsed.values;
  if (place === undefined) return await releaseFolder(invocation);
  if (invocation.has("folder")) throw usage("Cannot combine --folder and RELEASE: they say the same");
  if (isAddress(place)) return place;
  const path = await absolutePath(invocation, place);
  return path.replace(/[\\/]version-manifest\.json$/, "");
}

/** Whether a release is an address and not a path. */
export function isAddress(place: string): boolean {
  return /^(?:https?|file|github):/i.test(place);
}

/** A path as the publisher's functions want it. */
export async function absolutePath({ world: { terminal } }: Invocation, path: string): Promise<string> {
  const { resolve } = await import("node:path");
  return resolve(terminal.cwd(), path);
}

/** The text of a file that a flag names; `undefined` when the flag was not given. */
export async function textFlag(invocation: Invocation, name: string): Promise<string | undefined> {
  const file = invocation.flag(name);
  return file === undefined ? undefined : await textOf(invocation, file);
}

/** The text of a file. */
export async function textOf(invocation: Invocation, file: string): Promise<string> {
  const path = await absolutePath(invocation, file);
  const bytes = await readFile(invocation.world.runtime.fs, path, TEXT_BYTES);
  if (bytes === undefined) throw usage(`Cannot read ${path}: there is no such file`);
  if (bytes.length > TEXT_BYTES) throw usage(`Cannot read ${path}: it is larger than 1 MiB`);
  return new TextDecoder().decode(bytes);
}

/** The value of a flag that cannot be left out. */
export function requiredFlag(invocation: Invocation, name: string): string {
  const value = invocation.flag(name);
  if (value !== undefined) return value;
  const flag = invocation.command.flags?.find((known) => known.name === name);
  throw usage(`Missing flag: --${name} ${flag?.value ?? ""}`.trim());
}

/** A number that was given by a flag. */
export function numberFlag(invocation: Invocation, name: string): number | undefined {
  const text = invocation.flag(name);
  if (text === undefined) return undefined;
  if (/^\d{1,9}(?:\.\d{1,9})?$/.test(text)) return Number(text);
  throw usage(`Cannot use --${name} ${text}: it is no number`);
}

/** A length of time that was given by a flag, in milliseconds. */
export async function durationFlag(invocation: Invocation, name: string): Promise<number | undefined> {
  const text = invocation.flag(name);
  if (text === undefined) return undefined;
  const { parseDuration } = await import("../config/duration.ts");
  const duration = parseDuration(text);
  if (duration !== undefined && duration > 0) return duration;
  throw usage(`Cannot use --${name} ${text}: it is no length of time such as 90d or 72h`);
}

/** A command line that asks for what cannot be. */
export function usage(message: string): Failure {
  return new Failure(message, { exitCode: EXIT.usage, code: "USAGE" });
}
