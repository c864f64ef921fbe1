/**
 * Reading signed JSON strictly: after its signature held, and without recursion of our own.
 *
 * @module
 */

import { fromUtf8 } from "../bytes.ts";

/** A JSON object whose fields are not yet known. */
export type JsonObject = Record<string, unknown>;

/**
 * Parses a JSON object from bytes.
 *
 * A name that occurs twice has the last value. That cannot be used to show different checks different values: the
 * document is parsed once, here, and everything else reads the result (T14).
 *
 * @param bytes UTF-8 without a byte order mark.
 * @returns The object.
 * @throws {SyntaxError} When it is anything else.
 */
export function parseObject(bytes: Uint8Array): JsonObject {
  const value: unknown = JSON.parse(fromUtf8(bytes));
  if (isObject(value)) return value;
  throw new SyntaxError("it is not a JSON object");
}

/** Whether a JSON value is an object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value is a whole number from 0 on. Above 2^53-1 different numbers would compare as equal (T4). */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/**
 * An object's own field, so that `constructor` and `__proto__` are names like any other (T14).
 *
 * @param object The object.
 * @param name The field's name.
 * @returns Its value, or `undefined`.
 */
export function field(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/**
 * Reads a UTC time such as `2025-11-17T14:00:00Z` (RFC 3339).
 *
 * `Date.parse` alone accepts the 30th of February in some runtimes and local times in all.
 *
 * @param value The value.
 * @returns Milliseconds since the epoch, or `undefined` when it is not such a time or does not exist.
 */
export function parseTime(value: unknown): number | undefined {
  if (typeof value !== "string" || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(value)) {
    return undefined;
  }
  const time = Date.parse(value);
  return !Number.isNaN(time) && new Date(time).toISOString().slice(0, 19) === value.slice(0, 19)
    ? time
    : undefined;
}
