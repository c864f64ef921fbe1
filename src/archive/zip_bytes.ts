/**
 * Numbers and records of a zip file: little-endian, at any position of the source.
 *
 * @module
 */

import type { ByteSource } from "../digest.ts";
import { ArchiveFault } from "./fault.ts";

/** In a field of 32 bits: the value is in the zip64 extra field. */
export const IN_ZIP64 = 0xffffffff;

/** Reads `length` bytes at `offset`. `length` must have been checked: it is allocated. */
export async function bytesAt(source: ByteSource, offset: number, length: number): Promise<DataView> {
  const bytes = new Uint8Array(length);
  for (let filled = 0; filled < length;) {
    const count = await source.readAt(offset + filled, bytes.subarray(filled));
    if (count === 0) throw new ArchiveFault("its zip data is truncated");
    filled += count;
  }
  return new DataView(bytes.buffer);
}

/** The bytes of a part of a record. */
export function part(record: DataView, offset: number, length: number): Uint8Array {
  return new Uint8Array(record.buffer, record.byteOffset + offset, length);
}

/** A number of 64 bits, as far as JavaScript counts. */
export function uint64(record: DataView, offset: number): number {
  const value = Number(record.getBigUint64(offset, true));
  if (!Number.isSafeInteger(value)) throw new ArchiveFault("a zip record has a number that is too large");
  return value;
}

/**
 * The numbers that the zip64 extra field gives in place of those that do not fit (APPNOTE 4.5.3).
 *
 * @param values The record's own numbers, in the order in which the extra field gives them.
 * @param extra The record's extra fields.
 * @returns The numbers that count.
 */
export function withZip64(values: readonly number[], extra: Uint8Array): number[] {
  if (!values.includes(IN_ZIP64)) return [...values];
  const field = zip64Field(new DataView(extra.buffer, extra.byteOffset, extra.byteLength));
  let at = 0;
  return values.map((value) => {
    if (value !== IN_ZIP64 || field === undefined) return value;
    if (at + 8 > field.byteLength) throw new ArchiveFault("a zip64 field is too short");
    return uint64(field, (at += 8) - 8);
  });
}

function zip64Field(extra: DataView): DataView | undefined {
  for (let at = 0; at + 4 <= extra.byteLength;) {
    const length = extra.getUint16(at + 2, true);
    if (at + 4 + length > extra.byteLength) throw new ArchiveFault("a zip extra field is cut off");
    if (extra.getUint16(at, true) === 1) return new DataView(extra.buffer, extra.byteOffset + at + 4, length);
    at += 4 + length;
  }
  return undefined;
}
