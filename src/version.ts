/**
 * SemVer 2.0.0 versions: their form and their order. The one seam to the SemVer library, which reads ranges.
 *
 * @module
 */

import { VERSION_LENGTH } from "./limits.ts";

/** What counts for a version's order. */
interface Precedence {
  readonly numbers: readonly number[];
  readonly prerelease: readonly (number | string)[];
}

/**
 * Tells whether a text is a SemVer 2.0.0 version, to the letter: no leading `v`, no spaces, at most 256 characters,
 * and no number above 2^53-1 (2^53-2 in the prerelease part), beyond which two different numbers compare as equal.
 *
 * @param text The text to look at.
 * @returns Whether it is a version.
 */
export function isVersion(text: string): boolean {
  return parse(text) !== undefined;
}

/**
 * The largest number in a version, build metadata excepted.
 *
 * @param text The text to look at.
 * @returns The number, or `undefined` when the text is no version.
 */
export function largestNumber(text: string): number | undefined {
  const version = parse(text);
  if (version === undefined) return undefined;
  const { numbers, prerelease } = version;
  return Math.max(...numbers, ...prerelease.filter((part) => typeof part === "number"));
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
  const left = required(a), right = required(b);
  return compareParts(left.numbers, right.numbers) || comparePrereleases(left.prerelease, right.prerelease);
}

/**
 * The first identifier of a version's prerelease part: `beta` of `1.0.0-beta.2`.
 *
 * @param version A SemVer version.
 * @returns The identifier as text, or `undefined` for a version without prerelease part.
 */
export function prereleaseTag(version: string): string | undefined {
  const first = parse(version)?.prerelease[0];
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

function required(text: string): Precedence {
  const version = parse(text);
  if (version !== undefined) return version;
  throw new TypeError(`Cannot compare versions: current value is ${JSON.stringify(text)}, not SemVer`);
}

function parse(text: string): Precedence | undefined {
  if (text.length > VERSION_LENGTH) return undefined;
  const [precedence, build] = cut(text, "+");
  if (build !== undefined && !/^[\dA-Za-z-]+(\.[\dA-Za-z-]+)*$/.test(build)) return undefined;
  const [core, tags] = cut(precedence, "-");
  const numbers: number[] = [];
  for (const part of core.split(".")) {
    const number = numberOf(part);
    if (number === undefined) return undefined;
    numbers.push(number);
  }
  const prerelease = tags === undefined ? [] : identifiersOf(tags);
  return numbers.length === 3 && prerelease !== undefined ? { numbers, prerelease } : undefined;
}

/** What is before the first separator and what is after it, if there is one. */
function cut(text: string, separator: string): [before: string, after: string | undefined] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function identifiersOf(text: string): (number | string)[] | undefined {
  const identifiers: (number | string)[] = [];
  for (const part of text.split(".")) {
    const number = numberOf(part);
    if (number === undefined && !/^\d*[A-Za-z-][\dA-Za-z-]*$/.test(part)) return undefined;
    // npm compares 2^53-1 as text there.
    if (number === Number.MAX_SAFE_INTEGER) return undefined;
    identifiers.push(number ?? part);
  }
  return identifiers;
}

/** A number in its one spelling: without leading zeros, signs, or anything else that `Number` understands. */
function numberOf(text: string): number | undefined {
  const number = Number(text);
  return Number.isSafeInteger(number) && number >= 0 && String(number) === text ? number : undefined;
}

/** A version without prerelease part comes after those with one. */
function comparePrereleases(a: Precedence["prerelease"], b: Precedence["prerelease"]): number {
  return a.length > 0 && b.length > 0 ? compareParts(a, b) : Math.sign(b.length - a.length);
}

/** The first difference decides: numbers come before words, fewer parts before more. */
function compareParts(a: Precedence["prerelease"], b: Precedence["prerelease"]): number {
  for (const [index, left] of a.entries()) {
    const right = b[index];
    if (left === right) continue;
    if (right === undefined) return 1;
    if (typeof left !== typeof right) return typeof left === "number" ? -1 : 1;
    return left < right ? -1 : 1;
  }
  return Math.sign(a.length - b.length);
}
