/**
 * Makes zip files byte by byte, also ones that no archiver would make.
 *
 * @module
 */

import { crc32ByTable } from "../../src/archive/crc32.ts";
import { deflateRawSync } from "node:zlib";
import { joined, utf8 } from "./tar_archive.ts";

/** What a header says about an entry. */
export interface ZipFields {
  readonly name: Uint8Array;
  readonly flags: number;
  readonly method: number;
  readonly crc32: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly extra: Uint8Array;
}

/** One entry. What is not given is as an honest archiver would write it. */
export interface ZipEntry {
  readonly name: string;
  readonly content: Uint8Array;
  readonly method?: 0 | 8;
  readonly flags?: number;
  /** Host system (3: Unix, 0: DOS) and the external attributes, a Unix mode in the upper half. */
  readonly madeBy?: number;
  readonly attributes?: number;
  /** What is stored instead of the content as `method` stores it. */
  readonly stored?: Uint8Array;
  /** What the local header or the directory says instead of the truth. */
  readonly local?: Partial<ZipFields>;
  readonly central?: Partial<ZipFields>;
  /** Where the directory says that the local header is. */
  readonly offset?: number;
  /** What follows the content, which {@link descriptor} makes. */
  readonly after?: Uint8Array;
}

/** What is around the entries. */
export interface ZipOptions {
  /** Bytes before the first entry; offsets count them. */
  readonly before?: Uint8Array;
  readonly comment?: Uint8Array;
  /** Whether there are zip64 end records, and what they say instead of the truth. */
  readonly zip64?: { readonly entries?: bigint; readonly size?: bigint; readonly start?: bigint };
  /** What the end record says instead of the truth. */
  readonly end?: {
    readonly disk?: number;
    readonly entries?: number;
    readonly size?: number;
    readonly start?: number;
  };
}

/** A whole zip file. */
export function zip(entries: readonly ZipEntry[], options: ZipOptions = {}): Uint8Array<ArrayBuffer> {
  const local: Uint8Array[] = [options.before ?? new Uint8Array(0)];
  const central: Uint8Array[] = [];
  for (const entry of entries) {
    const fields = fieldsOf(entry);
    central.push(centralHeader(entry, { ...fields, ...entry.central }, entry.offset ?? lengthOf(local)));
    local.push(
      localHeader({ ...fields, ...entry.local }),
      storedBytes(entry),
      entry.after ?? new Uint8Array(0),
    );
  }
  const directory = joined(...central);
  const start = lengthOf(local);
  return joined(...local, directory, ...endRecords(entries.length, directory.length, start, options));
}

/** Bit 3 in `flags` and sizes of zero in the local header: the entry's data descriptor follows its content. */
export const STREAMED = { flags: 0x0008, local: { crc32: 0, compressedSize: 0, size: 0 } } as const;

/** A data descriptor for content that is stored as it is. */
export function descriptor(content: Uint8Array, form: { signed: boolean; wide: boolean }): Uint8Array {
  const size = form.wide ? u64 : u32;
  return joined(
    form.signed ? u32(0x08074b50) : new Uint8Array(0),
    u32(crc32ByTable(content, 0)),
    size(content.length),
    size(content.length),
  );
}

/** A zip64 extra field with these values. */
export function zip64Extra(...values: number[]): Uint8Array {
  return joined(u16(1), u16(8 * values.length), ...values.map(u64));
}

/** A Unix mode as external attributes. */
export function unixMode(mode: number): number {
  return mode * 0x10000;
}

function fieldsOf(entry: ZipEntry): ZipFields {
  return {
    name: utf8(entry.name),
    flags: entry.flags ?? 0,
    method: entry.method ?? 8,
    crc32: crc32ByTable(entry.content, 0),
    compressedSize: storedBytes(entry).length,
    size: entry.content.length,
    extra: new Uint8Array(0),
  };
}

function storedBytes({ content, method = 8, stored }: ZipEntry): Uint8Array {
  return stored ?? (method === 8 ? new Uint8Array(deflateRawSync(content)) : content);
}

function localHeader(fields: ZipFields): Uint8Array {
  return joined(u32(0x04034b50), u16(45), common(fields), fields.name, fields.extra);
}

function centralHeader(entry: ZipEntry, fields: ZipFields, offset: number): Uint8Array {
  const madeBy = (entry.madeBy ?? 3) * 256 + 45;
  const attributes = entry.attributes ?? unixMode(0o100755);
  const tail = joined(u16(0), u16(0), u16(0), u32(attributes), u32(offset), fields.name, fields.extra);
  return joined(u32(0x02014b50), u16(madeBy), u16(45), common(fields), tail);
}

function common({ flags, method, crc32, compressedSize, size, name, extra }: ZipFields): Uint8Array {
  return joined(
    ...[flags, method, 0, 0x21].map(u16),
    ...[crc32, compressedSize, size].map(u32),
    ...[name.length, extra.length].map(u16),
  );
}

function endRecords(entries: number, size: number, start: number, options: ZipOptions): Uint8Array[] {
  const { comment = new Uint8Array(0), zip64, end } = options;
  const small = joined(
    u32(0x06054b50),
    ...[end?.disk ?? 0, 0, end?.entries ?? entries, end?.entries ?? entries].map(u16),
    u32(end?.size ?? size),
    u32(end?.start ?? start),
    u16(comment.length),
  );
  if (zip64 === undefined) return [small, comment];
  const count = zip64.entries ?? entries;
  const large = joined(u32(0x06064b50), u64(44), u16(45), u16(45), u32(0), u32(0), u64(count), u64(count));
  const place = joined(u64(zip64.size ?? size), u64(zip64.start ?? start));
  const locator = joined(u32(0x07064b50), u32(0), u64(start + size), u32(1));
  return [large, place, locator, small, comment];
}

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((length, part) => length + part.length, 0);
}

function u16(value: number): Uint8Array {
  return new Uint8Array([value, value >>> 8]);
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

function u64(value: number | bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes;
}
