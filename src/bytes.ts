/**
 * Bytes as text and text as bytes; base64 in its one canonical form (RFC 4648 section 4).
 *
 * @module
 */

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/**
 * Decodes canonical base64.
 *
 * Other decoders ignore white space, missing padding or stray bits, so that one key could be written in many ways (T13);
 * and the first call of `atob` costs a check for updates a millisecond in Deno.
 *
 * @param text The base64 text.
 * @returns The bytes, or `undefined` when `text` is not their canonical spelling.
 */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  // What is no digit counts as the last one, and then does not come back as it was.
  const digit = (at: number) => DIGITS.indexOf(text.charAt(at)) & 63;
  const length = text.replaceAll("=", "").length * 3 / 4;
  const bytes = Uint8Array.from({ length }, (_, index) => {
    const at = index * 4 / 3 | 0;
    return (digit(at) << 6 | digit(at + 1)) >> 4 - 2 * (index % 3);
  });
  return toBase64(bytes) === text ? bytes : undefined;
}

/** Encodes bytes as base64 with padding. */
export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let bit = 0; bit < 8 * bytes.length; bit += 6) {
    const at = bit >> 3;
    text += DIGITS[(bytes[at]! << 8 | bytes[at + 1]!) >> 10 - bit % 8 & 63];
  }
  return text.padEnd(text.length + 3 & ~3, "=");
}

/** Two lower-case hexadecimal digits per byte. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Several pieces of bytes as one. */
export function concatenate(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** ASCII text as bytes. */
export function ascii(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/**
 * Bytes as text, exactly: a decoder that repaired them, or dropped a byte order mark, would show other bytes than were
 * signed.
 *
 * @param bytes UTF-8.
 * @returns The text, with a byte order mark where there is one.
 * @throws {SyntaxError} When it is not UTF-8.
 */
export function fromUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new SyntaxError("it is not UTF-8", { cause });
  }
}

/** Text as UTF-8. */
export function toUtf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** The SHA-256 digest (FIPS 180-4) in hexadecimal, by Web Crypto: for small inputs, without loading anything. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}
