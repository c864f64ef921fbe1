/**
 * Undoes what `deno compile` did to a macOS executable (64-bit Mach-O; field offsets as in `mach-o/loader.h`).
 *
 * On Intel the program is appended after a sentinel. On ARM, where the file must be signed, it is a segment `__SUI`
 * before the link-edit data: the segment goes, and every offset into the link-edit data moves back.
 *
 * @module
 */

import { Fields } from "./fields.ts";

const HEADER_SIZE = 32;
const PAGE = 0x1000;
const X86_64 = 0x01000007;

/** Offsets in the Mach-O header. */
const HEADER = { cpu: 4, commandCount: 16, commandsSize: 20 };
/** Offsets in a segment command. */
const SEGMENT = { name: 8, address: 24, memorySize: 32, fileOffset: 40, fileSize: 48 };
/** Offsets in the symbol table command. */
const SYMBOLS = { strings: 16, stringsSize: 20 };

const LC_SEGMENT_64 = 0x19;
const LC_SYMTAB = 0x2;

/** Where each kind of command holds offsets into the link-edit data. */
const LINK_EDIT_OFFSETS: ReadonlyMap<number, readonly number[]> = new Map([
  [LC_SYMTAB, [8, SYMBOLS.strings]],
  [0xb, [32, 40, 48, 56, 64, 72]], // LC_DYSYMTAB
  [0x1d, [8]], // LC_CODE_SIGNATURE
  [0x26, [8]], // LC_FUNCTION_STARTS
  [0x29, [8]], // LC_DATA_IN_CODE
  [0x2b, [8]], // LC_DYLIB_CODE_SIGN_DRS
  [0x2e, [8]], // LC_LINKER_OPTIMIZATION_HINT
  [0x80000033, [8]], // LC_DYLD_EXPORTS_TRIE
  [0x80000034, [8]], // LC_DYLD_CHAINED_FIXUPS
  [0x22, [8, 16, 24, 32, 40]], // LC_DYLD_INFO
  [0x80000022, [8, 16, 24, 32, 40]], // LC_DYLD_INFO_ONLY
]);

/** What stands before the program on Intel: this text, a magic number, and the program's size in eight bytes. */
const SENTINEL = Uint8Array.from([...new TextEncoder().encode("<~sui-data~>"), 0xef, 0xbe, 0xad, 0xde]);

interface Command {
  readonly kind: number;
  readonly offset: number;
  readonly size: number;
}

/**
 * The runtime inside a macOS executable made by `deno compile`.
 *
 * @param executable The executable's bytes, which are changed.
 * @returns The runtime's bytes.
 */
export function recoverMachO(executable: Uint8Array): Uint8Array {
  const file = new Fields(executable);
  return file.u32(HEADER.cpu) === X86_64 ? cutAppended(file) : removeSegment(file);
}

function cutAppended(file: Fields): Uint8Array {
  const end = programStart(file);
  const linkEdit = segment(file, "__LINKEDIT").offset;
  const linkEditSize = end - file.u64(linkEdit + SEGMENT.fileOffset);
  file.setU64(linkEdit + SEGMENT.fileSize, linkEditSize);
  file.setU64(linkEdit + SEGMENT.memorySize, Math.ceil(linkEditSize / PAGE) * PAGE);
  for (const { kind, offset } of commands(file)) {
    if (kind === LC_SYMTAB) {
      file.setU32(offset + SYMBOLS.stringsSize, end - file.u32(offset + SYMBOLS.strings));
    }
  }
  return file.bytes.subarray(0, end);
}

/** The last sentinel that is followed by exactly as many bytes as it says. */
function programStart(file: Fields): number {
  for (let at = file.bytes.length - SENTINEL.length - 8; at > 0; at--) {
    if (!SENTINEL.every((byte, index) => file.bytes[at + index] === byte)) continue;
    if (at + SENTINEL.length + 8 + file.u64(at + SENTINEL.length) === file.bytes.length) return at;
  }
  throw new Error("Cannot recover the runtime: no program is appended to this file");
}

function removeSegment(file: Fields): Uint8Array {
  const sui = segment(file, "__SUI");
  const linkEdit = segment(file, "__LINKEDIT").offset;
  const suiStart = file.u64(sui.offset + SEGMENT.fileOffset);
  const suiSize = file.u64(sui.offset + SEGMENT.fileSize);
  const linkEditStart = file.u64(linkEdit + SEGMENT.fileOffset);
  const linkEditEnd = linkEditStart + file.u64(linkEdit + SEGMENT.fileSize);

  moveBack(file, linkEditStart, suiSize);
  file.setU64(
    linkEdit + SEGMENT.address,
    file.u64(linkEdit + SEGMENT.address) - file.u64(sui.offset + SEGMENT.memorySize),
  );
  file.setU64(linkEdit + SEGMENT.fileOffset, linkEditStart - suiSize);
  removeCommand(file, sui);
  const { bytes } = file;
  return concatenate(bytes.subarray(0, suiStart), bytes.subarray(linkEditStart, linkEditEnd));
}

function moveBack(file: Fields, linkEditStart: number, distance: number): void {
  for (const { kind, offset } of commands(file)) {
    for (const field of LINK_EDIT_OFFSETS.get(kind) ?? []) {
      const value = file.u32(offset + field);
      if (value >= linkEditStart) file.setU32(offset + field, value - distance);
    }
  }
}

/** Closes the gap that the command leaves; zeros take its place after the last one, as the linker left them. */
function removeCommand(file: Fields, command: Command): void {
  const count = file.u32(HEADER.commandCount);
  const size = file.u32(HEADER.commandsSize);
  const end = HEADER_SIZE + size;
  file.bytes.copyWithin(command.offset, command.offset + command.size, end);
  file.bytes.fill(0, end - command.size, end);
  file.setU32(HEADER.commandCount, count - 1);
  file.setU32(HEADER.commandsSize, size - command.size);
}

function segment(file: Fields, name: string): Command {
  const found = commands(file).find(({ kind, offset }) =>
    kind === LC_SEGMENT_64 && file.text(offset + SEGMENT.name, 16) === name
  );
  if (found) return found;
  throw new Error(`Cannot recover the runtime: the file has no segment ${name}`);
}

function commands(file: Fields): Command[] {
  const found: Command[] = [];
  let offset = HEADER_SIZE;
  for (let index = 0; index < file.u32(HEADER.commandCount); index++) {
    const size = file.u32(offset + 4);
    found.push({ kind: file.u32(offset), offset, size });
    offset += size;
  }
  return found;
}

function concatenate(first: Uint8Array, second: Uint8Array): Uint8Array {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}
