/**
 * What precedes a tar entry and overrides its header: PAX records (POSIX.1-2017, `pax`, "pax Extended Header") and
 * GNU's long names. The effective name and size count, or a harmless header could stand for another file (T20).
 *
 * @module
 */

import { ArchiveFault } from "./fault.ts";

/** What an extended header says about the entry after it. */
export interface TarExtension {
  /** The name, where it gives one. */
  readonly name?: Uint8Array;
  /** Bytes of content, where it gives them. */
  readonly size?: number;
  /** Whether the content is a map of pieces and not the file itself. */
  readonly isSparse?: boolean;
}

const EQUALS = 0x3d;
const NEWLINE = 0x0a;

/**
 * Reads PAX records.
 *
 * @param bytes The content of an entry of type `x` or `g`.
 * @throws {ArchiveFault} When a record is malformed, a name is empty or has a NUL, or a size is no number that a file can have.
 */
export function parsePax(bytes: Uint8Array): TarExtension {
  const records = recordsOf(bytes);
  const name = records.get("GNU.sparse.name") ?? records.get("path");
  const size = records.get("size");
  if (name?.length === 0 || name?.includes(0)) {
    throw new ArchiveFault("a PAX path is empty, or has a NUL in it");
  }
  return {
    ...name !== undefined && { name },
    ...size !== undefined && { size: sizeOf(size) },
    ...[...records.keys()].some((key) => key.startsWith("GNU.sparse.")) && { isSparse: true },
  };
}

/**
 * Reads a GNU long name.
 *
 * @param bytes The content of an entry of type `L`.
 * @throws {ArchiveFault} When it is empty, or something follows the NUL at its end.
 */
export function parseLongName(bytes: Uint8Array): TarExtension {
  const end = bytes.indexOf(0);
  const name = bytes.slice(0, end < 0 ? bytes.length : end);
  if (name.length === 0 || bytes.subarray(name.length).some((byte) => byte !== 0)) {
    throw new ArchiveFault("a GNU long name is empty, or has a NUL in it");
  }
  return { name };
}

/** Records of the form `<length> <key>=<value>\n`, where the length counts all of it, itself included. */
function recordsOf(bytes: Uint8Array): Map<string, Uint8Array> {
  const records = new Map<string, Uint8Array>();
  for (let rest = bytes; rest.length > 0;) {
    const digits = /^[1-9][0-9]{0,8}(?= )/.exec(String.fromCharCode(...rest.subarray(0, 10)))?.[0] ?? "0";
    const record = rest.subarray(digits.length + 1, Number(digits));
    const equals = record.indexOf(EQUALS);
    if (Number(digits) > rest.length || equals < 1 || record.at(-1) !== NEWLINE) {
      throw new ArchiveFault("a PAX record is malformed");
    }
    records.set(new TextDecoder().decode(record.subarray(0, equals)), record.slice(equals + 1, -1));
    rest = rest.subarray(Number(digits));
  }
  return records;
}

function sizeOf(value: Uint8Array): number {
  const text = new TextDecoder().decode(value);
  const size = Number(text);
  if (!/^[0-9]+$/.test(text) || !Number.isSafeInteger(size)) {
    throw new ArchiveFault("a PAX size is no number of bytes that a file can have");
  }
  return size;
}
