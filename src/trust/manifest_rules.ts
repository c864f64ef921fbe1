/**
 * The rules for what a manifest says about itself: its number, its times, its program.
 *
 * @module
 */

import { sha256 } from "../bytes.ts";
import { UpdateError } from "../errors.ts";
import { CLOCK_SKEW } from "../limits.ts";
import { field, isCount, type JsonObject, parseObject, parseTime } from "./document.ts";
import type { SignedDocument } from "./policy.ts";
import { untrusted } from "./quorum.ts";
import { keyList, type Root } from "./root.ts";
import type { SeenManifest } from "./state.ts";

/**
 * The manifest's document, parsed once: everything that reads it later gets this very value.
 *
 * @param manifest The manifest, whose signature holds where one is required.
 * @returns The document.
 * @throws {UpdateError} `MANIFEST_INVALID`.
 */
export function parseManifest({ bytes, source }: SignedDocument): JsonObject {
  try {
    return parseObject(bytes);
  } catch (cause) {
    throw invalid(source, "(the whole document)", "a JSON object in UTF-8", cause);
  }
}

/**
 * What is remembered of a manifest.
 *
 * @param document The document.
 * @param bytes Its exact bytes.
 * @param root The root that decides about it.
 * @param source Where it came from.
 * @returns What to remember once it is accepted.
 * @throws {UpdateError} `MANIFEST_INVALID` when it has no sequence.
 */
export async function describe(
  document: JsonObject,
  bytes: Uint8Array<ArrayBuffer>,
  root: Root,
  source: string,
): Promise<SeenManifest> {
  const sequence = field(document, "sequence");
  if (!isCount(sequence)) throw invalid(source, "sequence", "a whole number up to 2^53-1");
  return { sequence, sha256: await sha256(bytes), keys: keyList(root.manifest.keys) };
}

/**
 * Makes sure that a manifest is not older than what was seen.
 *
 * @param seen The manifest.
 * @param minimumSequence The compiled-in floor.
 * @param before The manifest with the highest sequence so far.
 * @param source Where it came from.
 * @throws {UpdateError} `UNTRUSTED` with `replayed` or `equivocation`.
 */
export function checkSequence(
  seen: SeenManifest,
  minimumSequence: number,
  before: SeenManifest | undefined,
  source: string,
): void {
  // T4: after a key was withdrawn the count starts again, else one leaked key could end updates for ever. While all
  // keys are still there it does not (T2): what they signed before would be accepted again.
  const last = before?.keys.split(" ").every((key) => seen.keys.includes(key)) ? before : undefined;
  // T2, T8: a mirror, or whoever is in between, offers an old manifest; what is compiled in holds without a state, too.
  const floor = Math.max(minimumSequence, last?.sequence ?? 0);
  if (seen.sequence < floor) {
    throw untrusted(source, "replayed", `its sequence is ${seen.sequence}, below ${floor}`);
  }
  // T2: two documents under one number: somebody shows different things to different people.
  if (seen.sequence === last?.sequence && seen.sha256 !== last.sha256) {
    throw untrusted(source, "equivocation", `another one has the same sequence ${seen.sequence}`);
  }
}

/**
 * Makes sure that a manifest is of the present.
 *
 * @param document The document.
 * @param now This moment, in milliseconds since the epoch.
 * @param source Where it came from.
 * @param options Whether both times are `required`.
 * @throws {UpdateError} `UNTRUSTED` with `expired` or `issued-in-future`, `MANIFEST_INVALID`.
 */
export function checkTimes(
  document: JsonObject,
  now: number,
  source: string,
  { required }: { required: boolean },
): void {
  const issued = readTime(document, "issued", source, required) ?? 0;
  const expires = readTime(document, "expires", source, required) ?? Infinity;
  // T3: with a clock far in the past, what expired long ago would look valid.
  if (issued > now + CLOCK_SKEW) {
    throw untrusted(source, "issued-in-future", "it is of a day to come, unless the clock is wrong");
  }
  // T3: somebody may be holding back newer manifests.
  if (now >= expires) {
    throw untrusted(source, "expired", `it expired at ${field(document, "expires")}`);
  }
}

function readTime(document: JsonObject, name: string, source: string, required: boolean): number | undefined {
  const value = field(document, name);
  if (value === undefined && !required) return undefined;
  const time = parseTime(value);
  if (time === undefined) throw invalid(source, name, "a UTC time such as 2025-11-17T14:00:00Z");
  return time;
}

/**
 * The error of a manifest of another program (T9).
 *
 * @param source Where it came from.
 * @param app What it says it is for.
 * @returns The error.
 */
export function wrongApp(source: string, app: unknown): UpdateError<"UNTRUSTED"> {
  return untrusted(source, "wrong-app", `it is for ${JSON.stringify(app)}`);
}

function invalid(
  source: string,
  path: string,
  expected: string,
  cause?: unknown,
): UpdateError<"MANIFEST_INVALID"> {
  const message =
    `Cannot read the manifest at ${source}: expected ${expected} at ${path}; tell its publisher`;
  return new UpdateError("MANIFEST_INVALID", message, { source, path, expected }, { cause });
}
