/**
 * What `cco explain --as-if` supposes of another machine.
 *
 * @module
 */

import type { OperatingSystem, Runtime } from "../../machine.ts";
import type { CheckForUpdateOptions } from "../../mod.ts";
import { EXIT, Failure } from "./failure.ts";

const SUPPOSITIONS = ["version", "platform", "id", "channel"] as const;

/** What is supposed; what is not is as it is here. */
export type Supposed = { readonly [K in typeof SUPPOSITIONS[number]]?: string };

/**
 * Reads the suppositions.
 *
 * @param text Such as `version=2025.11.1,platform=darwin-arm64`, `undefined` for none.
 * @returns What is supposed.
 * @throws {Failure} Exit code 2 when it cannot be read.
 */
export async function parseSuppositions(text: string | undefined): Promise<Supposed> {
  const entries = (text ?? "").split(",").filter((part) => part !== "").map((part) => part.split("=", 2));
  for (const [name, value] of entries) {
    const isKnown = SUPPOSITIONS.some((supposition) => supposition === name);
    if (!isKnown || !value) {
      throw usage(`Cannot suppose ${name}: use --as-if version=…,platform=…,id=…,channel=…`);
    }
  }
  const supposed: Supposed = Object.fromEntries(entries);
  const { isVersion } = await import("../../mod.ts");
  if (supposed.version !== undefined && !isVersion(supposed.version)) {
    throw usage(`Cannot suppose version ${supposed.version}: it is not SemVer`);
  }
  return supposed;
}

/**
 * The options of a choice for the machine that is supposed.
 *
 * @param supposed What is supposed.
 * @param runtime This machine.
 * @returns The options that differ from this machine's.
 */
export function asIf(
  { version, platform, id, channel }: Supposed,
  runtime: Runtime,
): Partial<CheckForUpdateOptions> {
  const isOther = platform !== undefined || id !== undefined;
  return {
    ...(version === undefined ? {} : { currentVersion: version }),
    ...(platform === undefined ? {} : { target: platform, runtime: machineOf(platform, runtime) }),
    ...(id === undefined ? {} : { installationId: id }),
    ...(channel === undefined ? {} : { channel }),
    // What has failed here says nothing about another machine.
    ...(isOther ? { refusedVersions: [] } : {}),
  };
}

/** This machine's system and processor would only mislead; how new the other one's system is, nobody knows. */
function machineOf(platform: string, runtime: Runtime): Runtime {
  const [system] = /darwin|linux|windows/.exec(platform) ?? [];
  const [arch] = /x86_64|x64|amd64|aarch64|arm64/.exec(platform) ?? [];
  const os = (system ?? "unknown") as OperatingSystem;
  return { ...runtime, os, arch: arch ?? "unknown", osVersion: () => Promise.resolve(undefined) };
}

function usage(message: string): Failure {
  return new Failure(message, { exitCode: EXIT.usage, code: "USAGE" });
}
