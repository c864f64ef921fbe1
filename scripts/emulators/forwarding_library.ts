/**
 * A Windows library with one function, which is another library's (PE32+, the format's specification by Microsoft).
 *
 * @module
 */

import { Fields } from "../denort/fields.ts";

/** Where things are in the file, and at which address the one section is mapped. */
const PE_HEADER = 0x80;
const OPTIONAL_HEADER = PE_HEADER + 24;
const OPTIONAL_HEADER_SIZE = 240;
const SECTION_HEADER = OPTIONAL_HEADER + OPTIONAL_HEADER_SIZE;
const SECTION = 0x200;
const SECTION_SIZE = 0x200;
const SECTION_ADDRESS = 0x1000;

/** Offsets in the section: the export directory, its three tables, and its texts. */
const ADDRESSES = 0x40;
const NAMES = 0x48;
const ORDINALS = 0x50;
const LIBRARY_NAME = 0x60;
const FUNCTION_NAME = 0x80;
const TARGET_NAME = 0x90;
/** A function whose address lies inside the directory is a text that names the real one. */
const DIRECTORY_SIZE = 0xc0;

/**
 * Makes the library.
 *
 * @param name Its file name.
 * @param exported The function it has.
 * @param target The library and function that are called instead: `library.Function`.
 * @returns The bytes of the file, 1 KiB.
 */
export function forwardingLibrary(name: string, exported: string, target: string): Uint8Array {
  const file = new Fields(new Uint8Array(SECTION + SECTION_SIZE));
  writeText(file, 0, "MZ");
  file.setU32(0x3c, PE_HEADER);
  writeText(file, PE_HEADER, "PE");
  writeFileHeader(file);
  writeOptionalHeader(file);
  writeSectionHeader(file);
  writeExports(file);
  writeText(file, SECTION + LIBRARY_NAME, name);
  writeText(file, SECTION + FUNCTION_NAME, exported);
  writeText(file, SECTION + TARGET_NAME, target);
  return file.bytes;
}

function writeFileHeader(file: Fields): void {
  file.setU16(PE_HEADER + 4, 0x8664); // x86_64
  file.setU16(PE_HEADER + 6, 1); // sections
  file.setU16(PE_HEADER + 20, OPTIONAL_HEADER_SIZE);
  file.setU16(PE_HEADER + 22, 0x2022); // a library, may lie anywhere, executable
}

function writeOptionalHeader(file: Fields): void {
  const at = (offset: number) => OPTIONAL_HEADER + offset;
  file.setU16(at(0), 0x20b); // PE32+
  file.setU32(at(8), SECTION_SIZE);
  file.setU32(at(20), SECTION_ADDRESS);
  file.setU64(at(24), 0x1_8000_0000); // preferred address
  file.setU32(at(32), 0x1000); // alignment in memory
  file.setU32(at(36), SECTION_SIZE); // alignment in the file
  file.setU16(at(40), 6); // system version
  file.setU16(at(48), 6); // subsystem version
  file.setU32(at(56), 0x2000); // size in memory
  file.setU32(at(60), SECTION); // size of all headers
  file.setU16(at(68), 3); // console
  file.setU16(at(70), 0x100); // no execution of data
  for (const [offset, size] of [[72, 0x10_0000], [80, 0x1000], [88, 0x10_0000], [96, 0x1000]] as const) {
    file.setU64(at(offset), size); // stack and heap
  }
  file.setU32(at(108), 16); // directories, of which the first is the exports'
  file.setU32(at(112), SECTION_ADDRESS);
  file.setU32(at(116), DIRECTORY_SIZE);
}

function writeSectionHeader(file: Fields): void {
  writeText(file, SECTION_HEADER, ".edata");
  file.setU32(SECTION_HEADER + 8, SECTION_SIZE);
  file.setU32(SECTION_HEADER + 12, SECTION_ADDRESS);
  file.setU32(SECTION_HEADER + 16, SECTION_SIZE);
  file.setU32(SECTION_HEADER + 20, SECTION);
  file.setU32(SECTION_HEADER + 36, 0x4000_0040); // readable data
}

function writeExports(file: Fields): void {
  const address = (offset: number) => SECTION_ADDRESS + offset;
  file.setU32(SECTION + 12, address(LIBRARY_NAME));
  file.setU32(SECTION + 16, 1); // first ordinal
  file.setU32(SECTION + 20, 1); // functions
  file.setU32(SECTION + 24, 1); // names
  file.setU32(SECTION + 28, address(ADDRESSES));
  file.setU32(SECTION + 32, address(NAMES));
  file.setU32(SECTION + 36, address(ORDINALS));
  file.setU32(SECTION + ADDRESSES, address(TARGET_NAME));
  file.setU32(SECTION + NAMES, address(FUNCTION_NAME));
  file.setU16(SECTION + ORDINALS, 0);
}

function writeText(file: Fields, offset: number, text: string): void {
  file.bytes.set(new TextEncoder().encode(`${text}\0`), offset);
}
