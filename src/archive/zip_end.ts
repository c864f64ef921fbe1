/**
 * Where the central directory of a zip file is: the record at its end (APPNOTE 4.3.14 to 4.3.16).
 *
 * Readers that find different end records see different archives, so exactly one must be possible: it reaches to the
 * last byte, the directory ends where it begins, and its comment has no second one.
 *
 * @module
 */

import type { ByteSource } from "../digest.ts";
import { ARCHIVE_DIRECTORY_BYTES } from "../limits.ts";
import { ArchiveFault } from "./fault.ts";
import { bytesAt, IN_ZIP64, uint64 } from "./zip_bytes.ts";

/** The central directory's place. */
export interface DirectoryPlace {
  /** Where it begins. */
  readonly start: number;
  /** Where it ends. */
  readonly end: number;
  /** How many entries it has. */
  readonly entries: number;
}

const END = 0x06054b50;
const END_BYTES = 22;
const LONGEST_COMMENT = 0xffff;
const LOCATOR = 0x07064b50;
const LOCATOR_BYTES = 20;
const END_64 = 0x06064b50;
const END_64_BYTES = 56;

/**
 * Finds the central directory.
 *
 * @param source The zip file.
 * @throws {ArchiveFault} When there is none, more than one is possible, or it is not where it should be.
 */
export async function findDirectory(source: ByteSource): Promise<DirectoryPlace> {
  const length = Math.min(source.size, LOCATOR_BYTES + END_BYTES + LONGEST_COMMENT);
  const tail = await bytesAt(source, source.size - length, length);
  const at = findEnd(tail);
  const endOffset = source.size - length + at;
  const small = smallEnd(tail, at, endOffset);
  const hasLocator = at >= LOCATOR_BYTES && tail.getUint32(at - LOCATOR_BYTES, true) === LOCATOR;
  const place = hasLocator ? await largeEnd(source, tail, at, endOffset, small) : small;
  if (place.start + place.size !== place.end) {
    throw new ArchiveFault("its zip directory is not where its end record says");
  }
  if (place.size > ARCHIVE_DIRECTORY_BYTES) {
    throw new ArchiveFault(`its zip directory has more than ${ARCHIVE_DIRECTORY_BYTES} bytes`);
  }
  return place;
}

interface EndRecord extends DirectoryPlace {
  readonly size: number;
}

function findEnd(tail: DataView): number {
  let found: number | undefined;
  let imitation = false;
  for (let at = tail.byteLength - END_BYTES; at >= 0; at--) {
    if (tail.getUint32(at, true) !== END) continue;
    const fits = at + END_BYTES + tail.getUint16(at + 20, true) === tail.byteLength;
    if (fits && found !== undefined) throw new ArchiveFault("it has two zip end records");
    if (fits) found = at;
    if (!fits && found === undefined) imitation = true;
  }
  if (found === undefined) throw new ArchiveFault("it is no zip file, or truncated: there is no end record");
  if (imitation) throw new ArchiveFault("its comment has a second zip end record");
  return found;
}

function smallEnd(tail: DataView, at: number, end: number): EndRecord {
  const entries = tail.getUint16(at + 10, true);
  refuseParts(
    tail.getUint16(at + 4, true),
    tail.getUint16(at + 6, true),
    tail.getUint16(at + 8, true),
    entries,
  );
  return { entries, size: tail.getUint32(at + 12, true), start: tail.getUint32(at + 16, true), end };
}

async function largeEnd(
  source: ByteSource,
  tail: DataView,
  at: number,
  endOffset: number,
  small: EndRecord,
): Promise<EndRecord> {
  const locator = at - LOCATOR_BYTES;
  const end = uint64(tail, locator + 8);
  if (end + END_64_BYTES > endOffset - LOCATOR_BYTES) throw new ArchiveFault("its zip64 locator is wrong");
  const record = await bytesAt(source, end, END_64_BYTES);
  const recordEnd = end + 12 + uint64(record, 4);
  if (record.getUint32(0, true) !== END_64 || recordEnd !== endOffset - LOCATOR_BYTES) {
    throw new ArchiveFault("its zip64 end record is not where its locator says");
  }
  const entries = uint64(record, 32);
  refuseParts(record.getUint32(16, true), record.getUint32(20, true), uint64(record, 24), entries);
  refuseParts(tail.getUint32(locator + 4, true), tail.getUint32(locator + 16, true) - 1, 0, 0);
  const large = { entries, size: uint64(record, 40), start: uint64(record, 48), end };
  const agrees = isSame(small.entries, large.entries, 0xffff) && isSame(small.size, large.size, IN_ZIP64) &&
    isSame(small.start, large.start, IN_ZIP64);
  if (!agrees) throw new ArchiveFault("its two zip end records contradict each other");
  return large;
}

function isSame(small: number, large: number, elsewhere: number): boolean {
  return small === large || small === elsewhere;
}

function refuseParts(disk: number, directoryDisk: number, entriesHere: number, entries: number): void {
  if (disk !== 0 || directoryDisk !== 0 || entriesHere !== entries) {
    throw new ArchiveFault("it is one part of a zip file of several parts");
  }
}
