/**
 * CRC-32 as zip files carry it (ISO 3309). It finds accidents, not attacks: those are the digest's work.
 *
 * @module
 */

/** Continues a checksum, which starts at 0, with more bytes. */
export type Crc32 = (bytes: Uint8Array, previous: number) => number;

/** The runtime's own implementation; before Node 20.15 it has none. */
export async function loadCrc32(): Promise<Crc32> {
  const { crc32 } = await import("node:zlib");
  return typeof crc32 === "function" ? crc32 : crc32ByTable;
}

/** CRC-32, one byte at a time. */
export function crc32ByTable(bytes: Uint8Array, previous: number): number {
  let crc = ~previous;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? 0xedb88320 ^ (byte >>> 1) : byte >>> 1;
  return byte;
});
