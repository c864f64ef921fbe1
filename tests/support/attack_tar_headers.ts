/**
 * Tar files whose headers are an attack: checksums, numbers, prefixes, the end.
 *
 * @module
 */

import { type Attack, ENTRY, invalid, notFound, OTHER, PAYLOAD } from "./attack.ts";
import { gzip, joined, tar, type TarEntry, tarEntry, tarGz, utf8 } from "./tar_archive.ts";

const WANTED: TarEntry = { name: ENTRY, content: PAYLOAD };
const README: TarEntry = { name: "readme", content: OTHER };

/** Headers. */
export const TAR_HEADER_ATTACKS: readonly Attack[] = [
  {
    title: "a wrong checksum",
    archive: () => tarGz(README, { ...WANTED, spoil: (header) => header.set(utf8("0000001"), 148) }),
    outcome: invalid(/wrong checksum/),
  },
  {
    title: "a header changed after its checksum was made",
    archive: () => tarGz({ ...README, spoil: (header) => header.set(utf8("cco\0\0\0"), 0) }),
    outcome: invalid(/wrong checksum/),
  },
  {
    title: "a wrong checksum behind the file",
    archive: () => tarGz(WANTED, { ...README, spoil: (header) => header.set([1], 0) }),
    outcome: invalid(/wrong checksum/),
  },
  {
    title: "a negative size in base 256",
    archive: () => tarGz({ name: "big", size: new Uint8Array(12).fill(0xff) }, WANTED),
    outcome: invalid(/negative or too large/),
  },
  {
    title: "an absurd size in base 256",
    archive: () => tarGz({ ...WANTED, size: new Uint8Array(12).fill(0x7f).with(0, 0x80) }),
    outcome: invalid(/negative or too large/),
  },
  {
    title: "an honest size in base 256",
    archive: () => tarGz({ ...WANTED, size: base256(PAYLOAD.length) }),
    outcome: "payload",
  },
  {
    title: "a size that is no number",
    archive: () => tarGz({ ...WANTED, size: utf8("-0000000012\0") }),
    outcome: invalid(/a number that is none/),
  },
  {
    title: "a size beyond the end",
    archive: () => tarGz({ ...WANTED, size: 0o77777777777 }),
    outcome: invalid(/truncated/),
  },
  {
    title: "another file's size beyond the end",
    archive: () => tarGz({ ...README, size: 0o77777777777 }, WANTED),
    outcome: invalid(/truncated/),
  },
  ...[0, 100, 512, 600, 512 + PAYLOAD.length, 512 + PAYLOAD.length + 60].map((length): Attack => ({
    title: `an archive cut off after ${length} bytes`,
    archive: () => gzip(tar(WANTED).subarray(0, length)),
    outcome: invalid(/truncated/),
  })),
  { title: "no end marker", archive: () => gzip(tarEntry(WANTED)), outcome: invalid(/truncated/) },
  {
    title: "half an end marker",
    archive: () => gzip(joined(tarEntry(WANTED), new Uint8Array(512))),
    outcome: invalid(/truncated/),
  },
  {
    title: "a block of zeros between entries",
    archive: () => tarGz(README, new Uint8Array(512), WANTED),
    outcome: invalid(/single block of zeros/),
  },
  {
    title: "a second archive behind the end marker",
    archive: () => gzip(joined(tar(WANTED), tar({ ...README, name: ENTRY }))),
    outcome: invalid(/bytes follow the end/),
  },
  {
    title: "zeros behind the end marker",
    archive: () => gzip(joined(tar(WANTED), new Uint8Array(10240))),
    outcome: "payload",
  },
  {
    title: "the wanted name with a prefix",
    archive: () => tarGz({ ...WANTED, prefix: "folder" }),
    outcome: notFound("folder/cco"),
  },
  {
    title: "GNU's header, which has dates where ustar has the prefix",
    archive: () =>
      tarGz({ ...WANTED, prefix: "15000000000\x0015000000000", patch: (h) => h.set(utf8("ustar  \0"), 257) }),
    outcome: "payload",
  },
  {
    title: "a header from before POSIX",
    archive: () => tarGz({ ...WANTED, type: "\0", patch: (header) => header.fill(0, 257) }),
    outcome: "payload",
  },
  {
    title: "a hard link with content",
    archive: () => tarGz({ name: "link", type: "1", linkName: "readme", content: tarEntry(WANTED) }),
    outcome: invalid(/hard link in the archive has content/),
  },
];

function base256(value: number): Uint8Array {
  const field = new Uint8Array(12);
  new DataView(field.buffer).setUint32(8, value);
  return field.with(0, 0x80);
}
