/**
 * The central directory of a zip file (APPNOTE 4.3.12): what entries there are, and that each has bytes of its own.
 *
 * @module
 */

import type { ByteSource } from "../digest.ts";
import { ArchiveFault } from "./fault.ts";
import type { EntryKind } from "./wanted.ts";
import { bytesAt, part, withZip64 } from "./zip_bytes.ts";
import { findDirectory } from "./zip_end.ts";

/** An entry as the central directory describes it. */
export interface ZipEntry {
  readonly name: Uint8Array;
  readonly kind: EntryKind;
  /** General purpose bits. */
  readonly flags: number;
  /** Compression method. */
  readonly method: number;
  readonly crc32: number;
  readonly compressedSize: number;
  readonly size: number;
  /** Where its local header is. */
  readonly start: number;
  /** Where the next entry or the directory begins: the entry must end there. */
  readonly end: number;
}

const CENTRAL = 0x02014b50;
const CENTRAL_BYTES = 46;
const LOCAL_BYTES = 30;
const DIRECTORY_ATTRIBUTE = 0x10;
/** Unix file types, from the upper half of the external attributes (T20). */
const KINDS: Readonly<Record<number, EntryKind>> = {
  0: "file",
  0o010000: "FIFO",
  0o020000: "character device",
  0o040000: "directory",
  0o060000: "block device",
  0o100000: "file",
  0o120000: "symbolic link",
  0o140000: "socket",
};

/**
 * Reads the central directory.
 *
 * @param source The zip file.
 * @returns All entries, in the order in which their content is in the file.
 * @throws {ArchiveFault} When it is not well-formed, a name has a NUL, or entries overlap (T21).
 */
export async function readDirectory(source: ByteSource): Promise<ZipEntry[]> {
  const place = await findDirectory(source);
  const directory = await bytesAt(source, place.start, place.end - place.start);
  const entries: ZipEntry[] = [];
  for (let at = 0; at < directory.byteLength;) {
    const length = lengthOf(directory, at);
    entries.push(parseEntry(new DataView(directory.buffer, at, length), place.start));
    at += length;
  }
  if (entries.length !== place.entries) {
    throw new ArchiveFault("its zip directory has another number of entries");
  }
  return apart(entries, place.start);
}

function lengthOf(directory: DataView, at: number): number {
  const left = directory.byteLength - at;
  if (left < CENTRAL_BYTES || directory.getUint32(at, true) !== CENTRAL) {
    throw new ArchiveFault("its zip directory is damaged");
  }
  const length = CENTRAL_BYTES + directory.getUint16(at + 28, true) + directory.getUint16(at + 30, true) +
    directory.getUint16(at + 32, true);
  if (length > left) throw new ArchiveFault("its zip directory is damaged");
  return length;
}

function parseEntry(record: DataView, end: number): ZipEntry {
  const nameLength = record.getUint16(28, true);
  const name = part(record, CENTRAL_BYTES, nameLength);
  // Readers in C would see another, shorter name.
  if (name.includes(0)) throw new ArchiveFault("a name in the zip directory has a NUL in it");
  const extra = part(record, CENTRAL_BYTES + nameLength, record.getUint16(30, true));
  const [size, compressedSize, start] = withZip64(
    [record.getUint32(24, true), record.getUint32(20, true), record.getUint32(42, true)],
    extra,
  );
  return {
    name,
    kind: kindOf(name, record.getUint32(38, true)),
    flags: record.getUint16(8, true),
    method: record.getUint16(10, true),
    crc32: record.getUint32(16, true),
    compressedSize: compressedSize!,
    size: size!,
    start: start!,
    end,
  };
}

function kindOf(name: Uint8Array, attributes: number): EntryKind {
  // Which system an entry was made on is not asked: some extractors honour a link's mode whatever it says.
  const type = (attributes >>> 16) & 0o170000;
  const kind = KINDS[type] ?? `special entry (type 0o${type.toString(8)})`;
  const isDirectory = name.at(-1) === 0x2f || (attributes & DIRECTORY_ATTRIBUTE) !== 0;
  return kind === "file" && isDirectory ? "directory" : kind;
}

/** Entries that share bytes are how 42 kB become petabytes; bytes before the first one are how files pose as others. */
function apart(entries: readonly ZipEntry[], directoryStart: number): ZipEntry[] {
  const sorted = entries.toSorted((one, other) => one.start - other.start);
  if (sorted.length > 0 && sorted[0]!.start !== 0) {
    throw new ArchiveFault("bytes precede its first zip entry");
  }
  return sorted.map((entry, index) => {
    const end = sorted[index + 1]?.start ?? directoryStart;
    if (entry.start + LOCAL_BYTES + entry.name.length + entry.compressedSize > end) {
      throw new ArchiveFault("entries of the zip file overlap");
    }
    return { ...entry, end };
  });
}
