/**
 * Reading signed JSON strictly: after its signature held, and without recursion of our own.
 *
 * @module
 */

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
  const value: unknown = JSON.parse(decode(bytes));
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new SyntaxError("it is not a JSON object");
  }
  return value as JsonObject;
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

/** A repairing decoder, or one that drops a byte order mark, would parse other bytes than were signed. */
function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new SyntaxError("it is not UTF-8", { cause });
  }
}
