/**
 * The header block of a tar entry (POSIX.1-2017, `pax`, "ustar Interchange Format"), with GNU's extensions to it.
 *
 * @module
 */

import { ArchiveFault } from "./fault.ts";
import type { EntryKind } from "./wanted.ts";

/** Size of a block. */
export const BLOCK_BYTES = 512;

/** One header block. */
export interface TarHeader {
  /** The name it gives; an extended header before it may give another. */
  readonly name: Uint8Array;
  /** Bytes of content. */
  readonly size: number;
  /** The type flag. */
  readonly type: string;
  /** Whether blocks of a GNU sparse map follow. */
  readonly mapFollows: boolean;
}

/** A ustar header's magic; GNU's has spaces, and other things where ustar has the prefix of the name. */
const USTAR = /^ustar\0/;
const KINDS: Readonly<Record<string, EntryKind>> = {
  "0": "file",
  "\0": "file",
  "1": "hard link",
  "2": "symbolic link",
  "3": "character device",
  "4": "block device",
  "5": "directory",
  "6": "FIFO",
  "S": "sparse file",
};

/**
 * Reads a header block.
 *
 * @param block Its 512 bytes.
 * @throws {ArchiveFault} When its checksum is wrong or its size is no number that a file can have.
 */
export function parseTarHeader(block: Uint8Array): TarHeader {
  if (checksumOf(block) !== numberAt(block, 148, 8)) {
    throw new ArchiveFault("a tar header has a wrong checksum");
  }
  const name = stringAt(block, 0, 100);
  const prefix = USTAR.test(latin(block.subarray(257, 263))) ? stringAt(block, 345, 155) : new Uint8Array(0);
  const type = latin(block.subarray(156, 157));
  return {
    name: prefix.length === 0 ? name : joined(prefix, name),
    size: numberAt(block, 124, 12),
    type,
    mapFollows: type === "S" && block[482] !== 0,
  };
}

/** What an entry of this type flag and name is. Before POSIX, a directory was a file whose name ends in a slash. */
export function kindOf(type: string, name: Uint8Array): EntryKind {
  const kind = KINDS[type] ?? `special entry (type ${JSON.stringify(type)})`;
  return kind === "file" && name.at(-1) === 0x2f ? "directory" : kind;
}

/** Whether an entry of this kind has content; `POSIX` gives links, devices and directories none. */
export function hasContent(kind: EntryKind, type: string): boolean {
  return kind !== "directory" && !/[1-6]/.test(type);
}

function checksumOf(block: Uint8Array): number {
  let sum = 8 * 0x20;
  for (const byte of block) sum += byte;
  for (const byte of block.subarray(148, 156)) sum -= byte;
  return sum;
}

/** Octal digits, or GNU's base 256 when the first bit is set: `0x80` positive, `0xff` negative. */
function numberAt(block: Uint8Array, offset: number, length: number): number {
  const field = block.subarray(offset, offset + length);
  if (field[0]! < 0x80) {
    const digits = /^ *([0-7]*)[ \0]*$/.exec(latin(field))?.[1];
    if (digits === undefined) throw new ArchiveFault("a tar header has a number that is none");
    return digits === "" ? 0 : parseInt(digits, 8);
  }
  const value = field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
  if (field[0] !== 0x80 || !Number.isSafeInteger(value)) {
    throw new ArchiveFault("a tar header has a number that is negative or too large");
  }
  return value;
}

/** A field up to its first NUL. */
function stringAt(block: Uint8Array, offset: number, length: number): Uint8Array {
  const field = block.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return field.slice(0, end < 0 ? length : end);
}

function joined(prefix: Uint8Array, name: Uint8Array): Uint8Array {
  const whole = new Uint8Array(prefix.length + 1 + name.length);
  whole.set(prefix);
  whole[prefix.length] = 0x2f;
  whole.set(name, prefix.length + 1);
  return whole;
}

function latin(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
