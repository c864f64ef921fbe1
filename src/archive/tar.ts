/**
 * One file out of a tar archive, by our own parser: the packages looked at either hand out entries of unknown type as
 * regular files and skip malformed overrides, or come with several more packages; see `docs/decisions.md`.
 *
 * The archive is read to its end, so that a second entry of the wanted name, damage and truncation behind the wanted
 * one are found.
 *
 * @module
 */

import { ARCHIVE_RECORD_BYTES } from "../limits.ts";
import { ByteReader } from "./byte_reader.ts";
import { ArchiveFault } from "./fault.ts";
import { parseLongName, parsePax, type TarExtension } from "./tar_extension.ts";
import { BLOCK_BYTES, hasContent, kindOf, parseTarHeader, type TarHeader } from "./tar_header.ts";
import type { EntryKind, Wanted } from "./wanted.ts";

/** An entry with what its extended headers say about it. */
interface TarEntry {
  readonly name: Uint8Array;
  readonly size: number;
  readonly kind: EntryKind;
}

/** What the extended headers before an entry say; each kind of them may be there once. */
interface Extensions {
  pax?: TarExtension;
  longName?: TarExtension;
}

/**
 * The content of the wanted file.
 *
 * @param chunks The archive. No chunk may be overwritten later.
 * @param wanted Which file.
 * @throws {ArchiveFault} When the archive is not well-formed or its wanted entry is refused.
 */
export async function* fileInTar(
  chunks: AsyncIterable<Uint8Array>,
  wanted: Wanted,
): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(chunks);
  try {
    for (let entry = await nextEntry(reader); entry !== undefined; entry = await nextEntry(reader)) {
      const isWanted = wanted.meet(entry.name, entry.kind);
      for await (const chunk of contentOf(reader, entry.size)) if (isWanted) yield chunk;
    }
    await refuseMore(reader);
  } finally {
    await reader.close();
  }
}

async function nextEntry(reader: ByteReader): Promise<TarEntry | undefined> {
  const extensions: Extensions = {};
  for (let header = await nextHeader(reader); header !== undefined; header = await nextHeader(reader)) {
    if (!"xgLK".includes(header.type)) {
      if (header.mapFollows) await skipSparseMap(reader);
      return effectiveEntry(header, extensions);
    }
    addExtension(extensions, header.type, await recordOf(reader, header.size));
  }
  if (Object.keys(extensions).length > 0) {
    throw new ArchiveFault("an extended tar header belongs to no entry");
  }
  return undefined;
}

/** `undefined` at the two blocks of zeros that end an archive. */
async function nextHeader(reader: ByteReader): Promise<TarHeader | undefined> {
  const block = await blockOf(reader);
  if (!isZero(block)) return parseTarHeader(block);
  if (!isZero(await blockOf(reader))) {
    throw new ArchiveFault("a single block of zeros is among its tar entries");
  }
  return undefined;
}

async function blockOf(reader: ByteReader): Promise<Uint8Array> {
  const block = await reader.exactly(BLOCK_BYTES);
  if (block === undefined) throw new ArchiveFault("its tar data is truncated");
  return block;
}

async function skipSparseMap(reader: ByteReader): Promise<void> {
  while ((await blockOf(reader))[504] !== 0);
}

async function recordOf(reader: ByteReader, size: number): Promise<Uint8Array> {
  if (size > ARCHIVE_RECORD_BYTES) {
    throw new ArchiveFault(`an extended tar header has more than ${ARCHIVE_RECORD_BYTES} bytes`);
  }
  const padded = await reader.exactly(size + paddingOf(size));
  if (padded === undefined) throw new ArchiveFault("its tar data is truncated");
  return padded.subarray(0, size);
}

function addExtension(extensions: Extensions, type: string, bytes: Uint8Array): void {
  // Readers disagree about repeated headers, and about a name for all entries: no honest archiver writes either.
  if (type === "g" && Object.keys(parsePax(bytes)).length > 0) {
    throw new ArchiveFault("a global PAX header names or sizes the files of the archive");
  }
  if (type === "x") {
    if (extensions.pax !== undefined) throw new ArchiveFault("two PAX headers belong to one entry");
    extensions.pax = parsePax(bytes);
  }
  if (type === "L") {
    if (extensions.longName !== undefined) throw new ArchiveFault("two GNU long names belong to one entry");
    extensions.longName = parseLongName(bytes);
  }
}

function effectiveEntry(header: TarHeader, { pax = {}, longName }: Extensions): TarEntry {
  if (pax.name !== undefined && longName !== undefined) {
    throw new ArchiveFault("a tar entry has both a PAX path and a GNU long name");
  }
  const name = pax.name ?? longName?.name ?? header.name;
  const size = pax.size ?? header.size;
  const kind = kindOf(header.type, name);
  if (size > 0 && !hasContent(kind, header.type)) {
    throw new ArchiveFault(`a ${kind} in the archive has content`);
  }
  return { name, size, kind: kind === "file" && pax.isSparse ? "sparse file" : kind };
}

async function* contentOf(reader: ByteReader, size: number): AsyncGenerator<Uint8Array> {
  let left = size;
  while (left > 0) {
    const chunk = await reader.some(left);
    if (chunk === undefined) throw new ArchiveFault("its tar data is truncated");
    left -= chunk.length;
    yield chunk;
  }
  if (await reader.exactly(paddingOf(size)) === undefined) {
    throw new ArchiveFault("its tar data is truncated");
  }
}

/** Archivers fill up their last record with zeros; anything else is an archive that some readers would see. */
async function refuseMore(reader: ByteReader): Promise<void> {
  for (let more = await reader.some(Infinity); more !== undefined; more = await reader.some(Infinity)) {
    if (!isZero(more)) throw new ArchiveFault("bytes follow the end of its tar data");
  }
}

function paddingOf(size: number): number {
  return (BLOCK_BYTES - size % BLOCK_BYTES) % BLOCK_BYTES;
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
