/**
 * The rules for what a manifest says about itself: its number, its times, its program.
 *
 * @module
 */

import { toHex } from "../bytes.ts";
import { UpdateError } from "../errors.ts";
import { CLOCK_SKEW } from "../limits.ts";
import { field, type JsonObject, parseObject, parseTime } from "./document.ts";
import type { SignedDocument } from "./policy.ts";
import { untrusted } from "./quorum.ts";
import { fingerprint, type Root } from "./root.ts";
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
    throw invalid(source, "(the whole document)", "a JSON object in UTF-8", { cause });
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
  if (!isSequence(sequence)) throw invalid(source, "sequence", "a whole number up to 2^53-1");
  const sha256 = toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
  return { sequence, sha256, keys: await fingerprint(root.manifest.keys) };
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
  // T2: what is compiled in holds also when the state is gone.
  if (seen.sequence < minimumSequence) {
    throw untrusted(source, "replayed", `its sequence is ${seen.sequence}, below ${minimumSequence}`);
  }
  // T4: after the keys have changed the count starts again, else one leaked key could end updates for ever.
  if (before?.keys !== seen.keys) return;
  // T2, T8: a mirror, or whoever is in between, offers an old manifest.
  if (seen.sequence < before.sequence) {
    throw untrusted(
      source,
      "replayed",
      `its sequence is ${seen.sequence}, ${before.sequence} was seen before`,
    );
  }
  // T2: two documents under one number: somebody shows different things to different people.
  if (seen.sequence === before.sequence && seen.sha256 !== before.sha256) {
    throw untrusted(
      source,
      "equivocation",
      `it differs from the one with sequence ${seen.sequence} seen before`,
    );
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
  const issued = readTime(document, "issued", source, required);
  const expires = readTime(document, "expires", source, required);
  // T3: with a clock far in the past, what expired long ago would look valid.
  if (issued !== undefined && issued > now + CLOCK_SKEW) {
    const problem = `it was issued at ${
      new Date(issued).toISOString()
    }, which is still to come; check the clock`;
    throw untrusted(source, "issued-in-future", problem);
  }
  // T3: somebody may be holding back newer manifests.
  if (expires !== undefined && now >= expires) {
    throw untrusted(source, "expired", `it expired at ${new Date(expires).toISOString()}`);
  }
}

function readTime(document: JsonObject, name: string, source: string, required: boolean): number | undefined {
  const value = field(document, name);
  if (value === undefined && !required) return undefined;
  const time = parseTime(value);
  if (time === undefined) throw invalid(source, name, "a UTC time such as 2025-11-17T14:00:00Z");
  return time;
}

/** Whether a value can be a sequence. Above 2^53-1 different numbers would compare as equal (T4). */
export function isSequence(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/**
 * The error of a manifest of another program (T9).
 *
 * @param manifest The manifest.
 * @param app What it says it is for.
 * @returns The error.
 */
export function wrongApp({ source }: SignedDocument, app: unknown): UpdateError<"UNTRUSTED"> {
  return untrusted(source, "wrong-app", `it is for ${JSON.stringify(app) ?? "no named program"}`);
}

function invalid(
  source: string,
  path: string,
  expected: string,
  options?: ErrorOptions,
): UpdateError<"MANIFEST_INVALID"> {
  const message =
    `Cannot read the manifest at ${source}: expected ${expected} at ${path}; tell its publisher`;
  return new UpdateError("MANIFEST_INVALID", message, { source, path, expected }, options);
}
