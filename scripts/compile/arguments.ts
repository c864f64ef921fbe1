/**
 * The command line of `deno task compile`.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { type Build, DEFAULT_SOURCES } from "../../src/cli/build.ts";
import { SOURCES } from "../../src/config/kinds.ts";
import { parsePublicKey } from "../../src/minisign.ts";
import { isVersion } from "../../src/version.ts";
import type { CompileOptions } from "../compile.ts";
import { platformsOf } from "./platforms.ts";

/** What `deno task compile --help` prints. */
export const USAGE = `Usage: deno task compile [options]

  --target NAMES       all (the default), host, or platforms such as linux-x86_64,darwin-arm64
  --version VERSION    instead of the version in deno.json
  --out FOLDER         where everything is written; default dist
  --source ADDRESS     where the program looks for releases; may be repeated
  --root FILE          a release build that trusts this root, such as 1.root.json
  --key RW...          a release build that trusts this minisign key; may be repeated
  --threshold N        how many of the keys must have signed; default 1
  --allow-unsigned     a development build that takes unsigned releases: what you get without --root and --key
  --development        a development build although it has a root or keys; insists on signatures all the same
  --min-sequence N     the lowest manifest sequence that is accepted; default 0
  --probe-timeout S    how many seconds a new version may take to start; default 10. For slow devices
`;

/**
 * Reads the command line.
 *
 * @param args The arguments.
 * @param defaultVersion The version to use when none is given.
 * @returns What to compile.
 * @throws {TypeError} When an argument is wrong, with a message for the person who typed it.
 */
export function compileArguments(args: string[], defaultVersion: string): CompileOptions {
  const { values } = parseArgs({
    args,
    options: {
      target: { type: "string", multiple: true, default: ["all"] },
      version: { type: "string", default: defaultVersion },
      out: { type: "string", default: "dist" },
      source: { type: "string", multiple: true, default: [...DEFAULT_SOURCES] },
      root: { type: "string" },
      key: { type: "string", multiple: true, default: [] },
      threshold: { type: "string", default: "1" },
      "allow-unsigned": { type: "boolean", default: false },
      development: { type: "boolean", default: false },
      "min-sequence": { type: "string", default: "0" },
      "probe-timeout": { type: "string" },
    },
  });
  const ways = [values.root !== undefined, values.key.length > 0, values["allow-unsigned"]];
  if (ways.filter(Boolean).length > 1) throw new TypeError("Use one of --root, --key and --allow-unsigned");
  const signed = values.root !== undefined || values.key.length > 0;
  const build: Build = {
    version: readVersion(values.version),
    kind: signed && !values.development ? "release" : "development",
    sources: readSources(values.source),
    keys: values.key.map(readKey),
    threshold: readThreshold(values.threshold, values.key),
    ...values.root === undefined ? {} : { root: readRoot(values.root) },
    minimumSequence: readCount("--min-sequence", values["min-sequence"], 0),
    allowUnsigned: !signed,
    ...readProbeTimeout(values["probe-timeout"]),
  };
  return {
    build,
    platforms: platformsOf(values.target.flatMap((names) => names.split(","))),
    out: values.out,
  };
}

function readVersion(text: string): string {
  if (isVersion(text)) return text;
  throw new TypeError(
    `Invalid version: ${text}. Use a SemVer version without a leading v, such as 2025.11.2`,
  );
}

/** What the program would refuse as `updates.sources` it would refuse on every machine, and nobody could check. */
function readSources(sources: readonly string[]): string[] {
  try {
    return [...SOURCES.accept(sources)];
  } catch (cause) {
    throw new TypeError(`Invalid --source: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

function readKey(text: string): string {
  try {
    parsePublicKey(text);
    return text;
  } catch (cause) {
    throw new TypeError(`Invalid key: ${text}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

function readThreshold(text: string, keys: readonly string[]): number {
  const threshold = readCount("--threshold", text, 1);
  const different = Math.max(1, new Set(keys).size);
  if (threshold <= different) return threshold;
  throw new TypeError(
    `Invalid --threshold: ${text}. There are ${different} different keys, so no release could be accepted`,
  );
}

/** The program reads the root itself at each start; here it is only kept from being a wrong file altogether. */
function readRoot(path: string): string {
  const text = Deno.readTextFileSync(path);
  const root: unknown = JSON.parse(text);
  const isRoot = typeof root === "object" && root !== null && "type" in root && root.type === "root" &&
    "version" in root && root.version === 1;
  if (isRoot) return text;
  throw new TypeError(
    `Invalid --root: ${path} is not a root of version 1, such as \`cco release init\` writes`,
  );
}

function readProbeTimeout(seconds: string | undefined): Pick<Build, "probeTimeout"> {
  return seconds === undefined ? {} : { probeTimeout: 1000 * readCount("--probe-timeout", seconds, 1) };
}

function readCount(option: string, text: string, minimum: number): number {
  const count = /^\d+$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(count) && count >= minimum) return count;
  throw new TypeError(`Invalid ${option}: ${text}. Use a whole number, at least ${minimum}`);
}
