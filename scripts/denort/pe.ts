/**
 * Makes room in a Windows executable that `deno compile` has made (PE32+, the format's specification by Microsoft).
 *
 * The program is a resource in the last section. Compiling again replaces it, but leaves the section's size in memory as
 * it was: a larger program would end beyond what the system maps, and the start would fail with a page fault.
 *
 * @module
 */

import { Fields } from "./fields.ts";

/** Offset of the pointer to the PE header. */
const PE_POINTER = 0x3c;
/** Offsets in the PE header, which is the COFF header behind a signature of four bytes. */
const PE = { sectionCount: 6, optionalHeaderSize: 20, optionalHeader: 24 };
/** Offset in the optional header. */
const SIZE_OF_IMAGE = 56;
const SECTION_HEADER_SIZE = 40;
/** Offsets in a section header. */
const SECTION = { memorySize: 8, memoryOffset: 12 };
/** How large a program may be, in bytes: 64 MiB. It costs address space, no memory. */
const ROOM = 0x400_0000;

/**
 * The same executable with room for a larger program.
 *
 * @param executable A Windows executable made by `deno compile`; it is changed in place.
 * @throws {Error} When its last section is not the one that holds the program.
 */
export function recoverPe(executable: Uint8Array): Uint8Array {
  const fields = new Fields(executable);
  const header = fields.u32(PE_POINTER);
  const optional = header + PE.optionalHeader;
  const sections = optional + fields.u16(header + PE.optionalHeaderSize);
  const last = sections + (fields.u16(header + PE.sectionCount) - 1) * SECTION_HEADER_SIZE;
  const name = fields.text(last, 8);
  if (name !== ".pedata") {
    throw new Error(`Cannot recover the runtime: the last section is ${name}, not .pedata`);
  }
  fields.setU32(last + SECTION.memorySize, ROOM);
  fields.setU32(optional + SIZE_OF_IMAGE, fields.u32(last + SECTION.memoryOffset) + ROOM);
  return executable;
}
