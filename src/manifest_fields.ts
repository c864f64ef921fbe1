/**
 * The way through a manifest's document: own fields only (T14), and every mistake with its JSON path.
 *
 * @module
 */

import { UpdateError } from "./errors.ts";
import { field, isObject, type JsonObject } from "./trust/document.ts";

/** Where a manifest is from. */
export interface Origin {
  /** Its address for messages. */
  readonly source: string;
  /** The address that relative addresses start from. */
  readonly base: string;
}

/** An object of the document and where it stands. A list counts as one with the fields `0`, `1`, … */
export interface Fields {
  /** Its fields, not yet known. */
  readonly values: JsonObject;
  /** What it should be: said when a field is missing. */
  readonly expected: string;
  /** The names that lead to it. */
  readonly path: readonly string[];
  /** Where the manifest is from. */
  readonly origin: Origin;
}

/** Reads the value of the field of this name; throws {@link mistake} when it is another one than expected. */
export type Read<T> = (value: unknown, fields: Fields, name: string) => T;

/** Names that mean something to JavaScript: where the publisher chooses the names these are left out (T14). */
const NO_KEYS: readonly string[] = ["__proto__", "prototype", "constructor"];

/**
 * The whole document.
 *
 * @param value The parsed JSON.
 * @param origin Where it is from.
 * @returns Its fields.
 * @throws {UpdateError} `MANIFEST_INVALID`, as everything here.
 */
export function documentFields(value: unknown, origin: Origin): Fields {
  const expected = "an object";
  if (!isObject(value)) throw invalid(origin, [], expected);
  return { values: value, expected, path: [], origin };
}

/** The object in a field. */
export function objectIn(value: unknown, fields: Fields, name: string, expected: string): Fields {
  if (!isObject(value)) throw mistake(fields, name, expected);
  return { values: value, expected, path: [...fields.path, name], origin: fields.origin };
}

/** What is in a field that must be there. */
export function required<T>(read: Read<T>, fields: Fields, name: string): T {
  if (!Object.hasOwn(fields.values, name)) throw mistake(fields, name, fields.expected);
  return read(fields.values[name], fields, name);
}

/** What is in a field that may be missing. */
export function optional<T>(read: Read<T>, fields: Fields, name: string): T | undefined {
  const value = field(fields.values, name);
  return value === undefined ? undefined : read(value, fields, name);
}

/** What is in a field that may be missing or `null`. */
export function nullable<T>(read: Read<T>, fields: Fields, name: string): T | undefined {
  return field(fields.values, name) === null ? undefined : optional(read, fields, name);
}

/** What is in the fields of an object whose names the publisher chooses. */
export function mapOf<T>(read: Read<T>, fields: Fields): Map<string, T> {
  const names = Object.keys(fields.values).filter((name) => !NO_KEYS.includes(name));
  return new Map(names.map((name) => [name, read(fields.values[name], fields, name)]));
}

/** The error of a field that holds something else than `expected`. */
export function mistake(fields: Fields, name: string, expected: string): UpdateError<"MANIFEST_INVALID"> {
  return invalid(fields.origin, [...fields.path, name], expected);
}

function invalid(
  { source }: Origin,
  names: readonly string[],
  expected: string,
): UpdateError<"MANIFEST_INVALID"> {
  const path = jsonPath(names);
  return new UpdateError(
    "MANIFEST_INVALID",
    `Cannot read the manifest at ${source}: expected ${expected} at ${path}; tell its publisher`,
    { source, path, expected },
  );
}

function jsonPath(names: readonly string[]): string {
  return names.map((name) => /^[A-Za-z_]\w*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`).join("")
    .replace(/^\./, "") || "(the whole document)";
}
