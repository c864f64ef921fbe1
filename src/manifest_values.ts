/**
 * What may stand in a manifest's fields, value by value; `docs/version-manifest.schema.json` says the same.
 *
 * @module
 */

import type { ArchiveFormat } from "./archive_format.ts";
import { VERSION_LENGTH } from "./limits.ts";
import { type Fields, mistake } from "./manifest_fields.ts";
import { isCount, parseTime } from "./trust/document.ts";
import { largestNumber } from "./version.ts";

/** Of 15 digits: with larger ones two different versions may compare as equal (T14). */
const LARGEST_NUMBER = 999_999_999_999_999;

const FORMATS: readonly ArchiveFormat[] = ["tar.gz", "zip", "gz", "br", "raw"];

/** A text. */
export function readText(value: unknown, fields: Fields, name: string): string {
  return limited(value, fields, name, { expected: "a text", most: 65_536 });
}

/** A program's name. */
export function readName(value: unknown, fields: Fields, name: string): string {
  return short(value, fields, name, { expected: "a name", most: 128 });
}

/** A path inside an archive. */
export function readPath(value: unknown, fields: Fields, name: string): string {
  return short(value, fields, name, { expected: "a path", most: 4096 });
}

/** A version of an operating system. */
export function readSystemVersion(value: unknown, fields: Fields, name: string): string {
  return limited(value, fields, name, { expected: "a version of the system", most: 64 });
}

/** A SemVer 2.0.0 version. */
export function readVersion(value: unknown, fields: Fields, name: string): string {
  const text = limited(value, fields, name, { expected: "a SemVer version", most: VERSION_LENGTH });
  const largest = largestNumber(text);
  if (largest !== undefined && largest <= LARGEST_NUMBER) return text;
  throw mistake(fields, name, "a SemVer version");
}

/** A moment, as milliseconds since the epoch. */
export function readTime(value: unknown, fields: Fields, name: string): number {
  const time = parseTime(value);
  if (time !== undefined) return time;
  const day = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?Z$/;
  const isTime = typeof value === "string" && day.test(value);
  throw mistake(fields, name, isTime ? "a time that exists" : "a UTC time such as 2025-11-17T14:00:00Z");
}

/** A span of time such as `1d12h`, as milliseconds. */
export function readDuration(value: unknown, fields: Fields, name: string): number {
  const expected = "a duration such as 72h";
  const text = short(value, fields, name, { expected, most: 64 });
  if (!/^(\d+[smhdw])+$/.test(text)) throw mistake(fields, name, expected);
  const units: Record<string, number> = { s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5 };
  let total = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)([smhdw])/g)) total += Number(count) * units[unit!]!;
  return total;
}

/** An address, complete or relative to the manifest's own. */
export function readAddress(value: unknown, fields: Fields, name: string): string {
  if (value === "") throw mistake(fields, name, "an address");
  const address = limited(value, fields, name, { expected: "an address", most: 4096 });
  // Parsers of addresses drop tabs and line ends: what is shown would not be what is asked for.
  if (/\s/.test(address)) throw mistake(fields, name, "an address without spaces");
  return address;
}

/** A SHA-256 digest, in lower case. */
export function readDigest(value: unknown, fields: Fields, name: string): string {
  if (typeof value === "string" && /^[0-9A-Fa-f]{64}$/.test(value)) return value.toLowerCase();
  throw mistake(fields, name, "a SHA-256 digest of 64 hexadecimal digits");
}

/** A number of bytes. */
export function readSize(value: unknown, fields: Fields, name: string): number {
  if (isCount(value)) return value;
  throw mistake(fields, name, "a size in bytes");
}

/** The number of a publication. */
export function readSequence(value: unknown, fields: Fields, name: string): number {
  if (isCount(value)) return value;
  const isLarge = Number.isInteger(value) && (value as number) > 0;
  throw mistake(fields, name, isLarge ? "a whole number up to 2^53-1" : "a whole number");
}

/** A percentage. */
export function readPercentage(value: unknown, fields: Fields, name: string): number {
  if (typeof value === "number" && value >= 0 && value <= 100) return value;
  throw mistake(fields, name, "a percentage from 0 to 100");
}

/** Yes or no. */
export function readFlag(value: unknown, fields: Fields, name: string): boolean {
  if (typeof value === "boolean") return value;
  throw mistake(fields, name, "true or false");
}

/** How an executable is packed. */
export function readFormat(value: unknown, fields: Fields, name: string): ArchiveFormat {
  const format = FORMATS.find((each) => each === value);
  if (format !== undefined) return format;
  throw mistake(fields, name, `one of ${FORMATS.join(", ")}`);
}

/** Says how long a text may be only to whose text is longer. */
function limited(
  value: unknown,
  fields: Fields,
  name: string,
  { expected, most }: { expected: string; most: number },
): string {
  if (typeof value !== "string") throw mistake(fields, name, expected);
  if (value.length <= most) return value;
  throw mistake(fields, name, `${expected} of at most ${most.toLocaleString("en")} characters`);
}

function short(
  value: unknown,
  fields: Fields,
  name: string,
  { expected, most }: { expected: string; most: number },
): string {
  if (typeof value === "string" && value !== "" && value.length <= most) return value;
  throw mistake(fields, name, expected);
}
