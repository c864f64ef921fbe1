/**
 * One file out of a zip archive (PKWARE's APPNOTE 6.3.10), by our own parser: the packages looked at do not check
 * CRC-32, overlaps or contradicting headers, or are not modules; see `docs/decisions.md`.
 *
 * The central directory says what there is; the wanted entry's local header and data descriptor must say the same.
 *
 * @module
 */

import { type ByteSource, chunksOf } from "../digest.ts";
import { loadCrc32 } from "./crc32.ts";
import { ArchiveFault } from "./fault.ts";
import { inflate } from "./inflate.ts";
import type { Wanted } from "./wanted.ts";
import { bytesAt, IN_ZIP64, part, uint64, withZip64 } from "./zip_bytes.ts";
import { readDirectory, type ZipEntry } from "./zip_directory.ts";

const LOCAL = 0x04034b50;
const LOCAL_BYTES = 30;
const DESCRIPTOR = 0x08074b50;
const STORED = 0;
const DEFLATED = 8;
/** Bit 0: encrypted, 5: patch data, 6: strong encryption, 13: encrypted directory. */
const REFUSED_FLAGS = 0x2061;
/** Bit 3: checksum and sizes follow the content. */
const DESCRIPTOR_FLAG = 0x0008;
/** Flags that say what the bytes mean, or (bit 11) the name. */
const MEANING_FLAGS = REFUSED_FLAGS | DESCRIPTOR_FLAG | 0x0800;

/**
 * The content of the wanted file.
 *
 * @param source The zip file.
 * @param wanted Which file.
 * @param options `signal` ends the reading.
 * @throws {ArchiveFault} When the archive is not well-formed or its wanted entry is refused.
 */
export async function* fileInZip(
  source: ByteSource,
  wanted: Wanted,
  options: { signal?: AbortSignal } = {},
): AsyncGenerator<Uint8Array> {
  const entry = (await readDirectory(source)).filter(({ name, kind }) => wanted.meet(name, kind))[0];
  if (entry === undefined) return;
  refuseUnreadable(entry);
  const start = await startOfContent(source, entry);
  const stored = range(source, start, start + entry.compressedSize, options);
  yield* verified(entry.method === DEFLATED ? inflate(stored, "deflate-raw") : stored, entry);
}

function refuseUnreadable({ flags, method, size, compressedSize }: ZipEntry): void {
  if ((flags & REFUSED_FLAGS) !== 0) throw new ArchiveFault("the entry is encrypted, or a patch");
  if (method !== STORED && method !== DEFLATED) {
    throw new ArchiveFault(`the entry is compressed by method ${method}, and only deflate (8) can be read`);
  }
  if (method === STORED && size !== compressedSize) throw contradiction("sizes");
}

async function startOfContent(source: ByteSource, entry: ZipEntry): Promise<number> {
  const header = await bytesAt(source, entry.start, LOCAL_BYTES);
  const nameLength = header.getUint16(26, true);
  const start = entry.start + LOCAL_BYTES + nameLength + header.getUint16(28, true);
  const end = start + entry.compressedSize;
  if (header.getUint32(0, true) !== LOCAL || end > entry.end) throw contradiction("places");
  const names = await bytesAt(source, entry.start + LOCAL_BYTES, start - entry.start - LOCAL_BYTES);
  compare(header, names, entry);
  if (end + await descriptorLength(source, entry, end) !== entry.end) {
    throw new ArchiveFault("bytes follow the entry that belong to none");
  }
  return start;
}

/** Readers that trust the local header must not see another file than those that trust the directory. */
function compare(header: DataView, names: DataView, entry: ZipEntry): void {
  const nameLength = header.getUint16(26, true);
  const isNameSame = nameLength === entry.name.length &&
    part(names, 0, nameLength).every((byte, at) => byte === entry.name[at]);
  if (!isNameSame) throw contradiction("names");
  if (((header.getUint16(6, true) ^ entry.flags) & MEANING_FLAGS) !== 0) throw contradiction("flags");
  if (header.getUint16(8, true) !== entry.method) throw contradiction("methods");
  const [size, compressedSize] = withZip64(
    [header.getUint32(22, true), header.getUint32(18, true)],
    part(names, nameLength, names.byteLength - nameLength),
  );
  const isElsewhere = (value: number) => hasDescriptor(entry) && (value === 0 || value === IN_ZIP64);
  const isSame = (value: number, expected: number) => value === expected || isElsewhere(value);
  if (!isSame(size!, entry.size) || !isSame(compressedSize!, entry.compressedSize)) {
    throw contradiction("sizes");
  }
  if (!isSame(header.getUint32(14, true), entry.crc32)) throw contradiction("checksums");
}

/** APPNOTE 4.3.9: an optional signature, the checksum, two sizes of 4 or of 8 bytes. */
async function descriptorLength(source: ByteSource, entry: ZipEntry, at: number): Promise<number> {
  if (!hasDescriptor(entry)) return 0;
  const length = entry.end - at;
  if (![12, 16, 20, 24].includes(length)) throw contradiction("sizes");
  const record = await bytesAt(source, at, length);
  const crc = length % 8 === 0 ? 4 : 0;
  const isSigned = crc === 0 || record.getUint32(0, true) === DESCRIPTOR;
  const [compressedSize, size] = length < 20
    ? [record.getUint32(crc + 4, true), record.getUint32(crc + 8, true)]
    : [uint64(record, crc + 4), uint64(record, crc + 12)];
  const isSame = isSigned && record.getUint32(crc, true) === entry.crc32 && size === entry.size &&
    compressedSize === entry.compressedSize;
  if (!isSame) throw contradiction("data descriptors");
  return length;
}

function hasDescriptor(entry: ZipEntry): boolean {
  return (entry.flags & DESCRIPTOR_FLAG) !== 0;
}

function contradiction(what: string): ArchiveFault {
  return new ArchiveFault(`the entry's local header and the zip directory give different ${what}`);
}

async function* range(
  source: ByteSource,
  start: number,
  end: number,
  options: { signal?: AbortSignal },
): AsyncGenerator<Uint8Array> {
  let left = end - start;
  if (left === 0) return;
  for await (const chunk of chunksOf(source, start, options)) {
    yield chunk.subarray(0, left);
    left -= Math.min(left, chunk.length);
    if (left === 0) return;
  }
  throw new ArchiveFault("its zip data is truncated");
}

async function* verified(content: AsyncIterable<Uint8Array>, entry: ZipEntry): AsyncGenerator<Uint8Array> {
  const crc32 = await loadCrc32();
  let size = 0;
  let checksum = 0;
  for await (const chunk of content) {
    size += chunk.length;
    if (size > entry.size) throw new ArchiveFault("the entry is larger than it says");
    checksum = crc32(chunk, checksum);
    yield chunk;
  }
  if (size !== entry.size) throw new ArchiveFault("the entry is smaller than it says");
  if (checksum !== entry.crc32) throw new ArchiveFault("the entry has a wrong checksum");
}
