/**
 * SemVer 2.0.0 versions: their form and their order. The one seam to the SemVer library.
 *
 * @module
 */

import { compare, tryParse } from "verkit/version";
import { VERSION_LENGTH } from "./limits.ts";

/**
 * Tells whether a text is a SemVer 2.0.0 version, to the letter: no leading `v`, no spaces, at most 256 characters,
 * and no number above 2^53-1 (2^53-2 in the prerelease part), beyond which two different numbers compare as equal.
 *
 * @param text The text to look at.
 * @returns Whether it is a version.
 */
export function isVersion(text: string): boolean {
  if (text.length > VERSION_LENGTH || !/^\d[0-9A-Za-z.+-]*$/.test(text)) return false;
  const parsed = tryParse(text);
  if (parsed === null) return false;
  const numbers = [parsed.major, parsed.minor, parsed.patch, ...parsed.prerelease ?? []];
  return numbers.every((part) => typeof part === "string" ? !/^\d+$/.test(part) : Number.isSafeInteger(part));
}

/**
 * Compares two versions by SemVer precedence (SemVer 2.0.0, section 11); build metadata does not count.
 *
 * @example Sort calendar versions
 * ```ts
 * import { compareVersions } from "@cco/updater";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(["2025.11.10", "2025.11.9"].sort(compareVersions), ["2025.11.9", "2025.11.10"]);
 * assert(compareVersions("2025.12.0-beta.1", "2025.12.0") < 0);
 * ```
 *
 * @param a A version.
 * @param b Another version.
 * @returns A negative number when `a` comes first, a positive one when `b` does, 0 when neither does.
 * @throws {TypeError} When one of them is not a SemVer version.
 */
export function compareVersions(a: string, b: string): number {
  for (const text of [a, b]) {
    if (!isVersion(text)) {
      throw new TypeError(`Cannot compare versions: current value is ${JSON.stringify(text)}, not SemVer`);
    }
  }
  return compare(a, b);
}

/**
 * The first identifier of a version's prerelease part: `beta` of `1.0.0-beta.2`.
 *
 * @param version A SemVer version.
 * @returns The identifier as text, or `undefined` for a version without prerelease part.
 */
export function prereleaseTag(version: string): string | undefined {
  const first = tryParse(version)?.prerelease?.[0];
  return first === undefined ? undefined : String(first);
}

/**
 * Tells whether a version lies in a range such as `~2025.11`, `>=1.2 <2` or `1.x`; prereleases count as inside.
 *
 * @param version A SemVer version.
 * @param range The range, in the npm notation.
 * @returns Whether the version lies inside.
 * @throws {TypeError} When the range cannot be read.
 */
export async function inRange(version: string, range: string): Promise<boolean> {
  const { isValidRange, satisfies } = await import("verkit/range");
  if (range.length > VERSION_LENGTH || !isValidRange(range)) {
    throw new TypeError(`Cannot read the version range: current value is ${JSON.stringify(range)}`);
  }
  return satisfies(version, range, { includePrerelease: true });
}
