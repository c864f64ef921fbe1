/**
 * Bytes in memory as something to read from at any position.
 *
 * @module
 */

import type { ByteSource } from "../../src/digest.ts";

/** A source of these bytes that answers with at most `most` of them at a time. */
export function sourceOf(bytes: Uint8Array, most = Infinity): ByteSource {
  return {
    size: bytes.length,
    readAt(offset, into): Promise<number> {
      const part = bytes.subarray(offset, offset + Math.min(into.length, most));
      into.set(part);
      return Promise.resolve(part.length);
    },
  };
}

/** Everything that comes, as one; each chunk is copied before the next one is asked for. */
export async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const copies: Uint8Array[] = [];
  for await (const chunk of chunks) copies.push(chunk.slice());
  const whole = new Uint8Array(copies.reduce((length, copy) => length + copy.length, 0));
  let offset = 0;
  for (const copy of copies) {
    whole.set(copy, offset);
    offset += copy.length;
  }
  return whole;
}
