/**
 * Undoes what `deno compile` did to a Linux executable (ELF64; field offsets as in `elf(5)`).
 *
 * Up to Deno 2.7 the program is appended: everything after the section table goes. Later versions put it into a new
 * segment, with a new program header table and a longer section table, both described by sections whose names begin
 * with `.sui` or `.note.sui`. The linker's own section table is still in the file, just before them.
 *
 * @module
 */

import { Fields } from "./fields.ts";

const HEADER_SIZE = 64;
const PROGRAM_HEADER_SIZE = 56;
const SECTION_HEADER_SIZE = 64;

/** Offsets in the ELF header. */
const HEADER = {
  programTable: 0x20,
  sectionTable: 0x28,
  programCount: 0x38,
  sectionCount: 0x3c,
  nameSection: 0x3e,
};
/** Offsets in a section header. */
const SECTION = { name: 0, fileOffset: 24 };

/**
 * The runtime inside a Linux executable made by `deno compile`.
 *
 * @param executable The executable's bytes, which are changed.
 * @returns The runtime's bytes.
 */
export function recoverElf(executable: Uint8Array): Uint8Array {
  const elf = new Fields(executable);
  const sections = sectionNames(elf);
  const injected = sections.indexOf(".sui.phdrs");
  return injected < 0 ? cutAppended(elf) : removeSegment(elf, injected);
}

function sectionNames(elf: Fields): string[] {
  const names = elf.u64(sectionHeader(elf, elf.u16(HEADER.nameSection)) + SECTION.fileOffset);
  return Array.from(
    { length: elf.u16(HEADER.sectionCount) },
    (_, index) => elf.text(names + elf.u32(sectionHeader(elf, index) + SECTION.name)),
  );
}

function sectionHeader(elf: Fields, index: number): number {
  return elf.u64(HEADER.sectionTable) + index * SECTION_HEADER_SIZE;
}

function cutAppended(elf: Fields): Uint8Array {
  return elf.bytes.subarray(0, sectionHeader(elf, elf.u16(HEADER.sectionCount)));
}

/** The injected sections come last, so `injected` is also how many sections there were before. */
function removeSegment(elf: Fields, injected: number): Uint8Array {
  const sectionTable = linkerSectionTable(elf, injected);
  const firstSection = elf.u64(sectionHeader(elf, 1) + SECTION.fileOffset);
  elf.setU64(HEADER.programTable, HEADER_SIZE);
  elf.setU16(HEADER.programCount, Math.floor((firstSection - HEADER_SIZE) / PROGRAM_HEADER_SIZE));
  elf.setU64(HEADER.sectionTable, sectionTable);
  elf.setU16(HEADER.sectionCount, injected);
  return elf.bytes.subarray(0, sectionTable + injected * SECTION_HEADER_SIZE);
}

/** Found by its first real entry, which both tables share; entry 0 is empty in every table. */
function linkerSectionTable(elf: Fields, injected: number): number {
  const end = elf.u64(sectionHeader(elf, injected) + SECTION.fileOffset);
  const first = elf.bytes.subarray(sectionHeader(elf, 1), sectionHeader(elf, 2));
  for (let at = end - first.length; at >= HEADER_SIZE; at--) {
    if (first.every((byte, index) => elf.bytes[at + index] === byte)) return at - SECTION_HEADER_SIZE;
  }
  throw new Error("Cannot recover the runtime: the linker's section table is not in the file");
}
