/**
 * Zip files whose directory or end is an attack: overlaps, several end records, zip64, counts, damage.
 *
 * @module
 */

import { type Attack, ENTRY, invalid, OTHER, PAYLOAD } from "./attack.ts";
import { joined, utf8 } from "./tar_archive.ts";
import { zip, type ZipEntry } from "./zip_archive.ts";

const WANTED: ZipEntry = { name: ENTRY, content: PAYLOAD };
const EVIL: ZipEntry = { name: ENTRY, content: OTHER };
const README: ZipEntry = { name: "readme", content: OTHER };

/** Records. */
export const ZIP_RECORD_ATTACKS: readonly Attack[] = [
  {
    title: "two entries that share one content",
    archive: () => zip([WANTED, { ...WANTED, name: "readme", offset: 0 }]),
    outcome: invalid(/overlap/),
  },
  {
    title: "an entry inside another one",
    archive: () => zip([{ name: "outer", method: 0, content: zip([WANTED]) }, { ...WANTED, offset: 35 }]),
    outcome: invalid(/overlap/),
  },
  {
    title: "an entry that reaches into the directory",
    archive: () => zip([{ ...WANTED, local: { compressedSize: 5000 }, central: { compressedSize: 5000 } }]),
    outcome: invalid(/overlap/),
  },
  {
    title: "a local header whose extra field reaches into the next entry",
    archive: () =>
      zip([{ ...WANTED, local: { extra: new Uint8Array(0), name: utf8(ENTRY.padEnd(900)) } }, README]),
    outcome: invalid(/different names/),
  },
  {
    title: "an entry beyond the end",
    archive: () => zip([{ ...WANTED, offset: 0x7fffffff }]),
    outcome: invalid(/bytes precede/),
  },
  {
    title: "bytes before the first entry",
    archive: () => zip([WANTED], { before: OTHER }),
    outcome: invalid(/bytes precede/),
  },
  {
    title: "two whole zip files",
    archive: () => joined(zip([EVIL]), zip([WANTED])),
    outcome: invalid(/not where its end record says/),
  },
  {
    title: "a second zip file whose offsets count the first one",
    archive: () => zip([WANTED], { before: zip([EVIL]) }),
    outcome: invalid(/bytes precede/),
  },
  {
    title: "a whole zip file in the comment",
    archive: () => zip([EVIL], { comment: zip([WANTED]) }),
    outcome: invalid(/two zip end records/),
  },
  {
    title: "an end record in the comment that does not reach the end",
    archive: () => zip([WANTED], { comment: joined(zip([EVIL]), utf8("!")) }),
    outcome: invalid(/comment has a second/),
  },
  { title: "a comment", archive: () => zip([WANTED], { comment: utf8("cco 1.2.3") }), outcome: "payload" },
  {
    title: "the longest comment",
    archive: () => zip([WANTED], { comment: new Uint8Array(65535).fill(32) }),
    outcome: "payload",
  },
  {
    title: "a whole zip file as an entry that is not compressed",
    archive: () => zip([WANTED, { name: "inner.zip", method: 0, content: zip([EVIL]) }]),
    outcome: "payload",
  },
  {
    title: "bytes behind the end record",
    archive: () => joined(zip([WANTED]), OTHER),
    outcome: invalid(/no end record/),
  },
  { title: "no end record", archive: () => zip([WANTED]).slice(0, -22), outcome: invalid(/no end record/) },
  {
    title: "half an end record",
    archive: () => zip([WANTED]).slice(0, -3),
    outcome: invalid(/no end record/),
  },
  { title: "nothing at all", archive: () => new Uint8Array(0), outcome: invalid(/no end record/) },
  { title: "bytes that are not zip", archive: () => OTHER, outcome: invalid(/no end record/) },
  {
    title: "a file cut off at its start",
    archive: () => zip([WANTED]).slice(10),
    outcome: invalid(/not where its end record says/),
  },
  {
    title: "a count of entries that is too small",
    archive: () => zip([WANTED, EVIL], { end: { entries: 1 } }),
    outcome: invalid(/another number of entries/),
  },
  {
    title: "a count of entries that is too large",
    archive: () => zip([WANTED], { end: { entries: 65535 } }),
    outcome: invalid(/another number of entries/),
  },
  {
    title: "a directory that ends before the end record",
    archive: () => zip([WANTED, EVIL], { end: { size: 49, entries: 1 } }),
    outcome: invalid(/not where its end record says/),
  },
  {
    title: "a directory that begins within an entry",
    archive: () => {
      const bytes = zip([WANTED]);
      const end = new DataView(bytes.buffer, bytes.length - 22);
      end.setUint32(12, end.getUint32(12, true) + 10, true);
      end.setUint32(16, end.getUint32(16, true) - 10, true);
      return bytes;
    },
    outcome: invalid(/directory is damaged/),
  },
  {
    title: "a part of several",
    archive: () => zip([WANTED], { end: { disk: 1 } }),
    outcome: invalid(/several parts/),
  },
  {
    title: "a name with a NUL",
    archive: () => zip([WANTED, { ...EVIL, name: "cco\0.txt" }]),
    outcome: invalid(/NUL/),
  },
  {
    title: "a directory of 9 MiB",
    archive: () =>
      zip([WANTED], {
        end: { start: 100, size: 9 << 20 },
        before: new Uint8Array(100),
        comment: new Uint8Array(0),
      }),
    outcome: invalid(/not where its end record says/),
  },
  {
    title: "an honest directory of more than 8 MiB",
    archive: () => {
      const extra = new Uint8Array(65000);
      return zip([
        WANTED,
        ...Array.from({ length: 130 }, (_, i) => ({ ...README, name: `f${i}`, central: { extra } })),
      ]);
    },
    outcome: invalid(/more than 8388608 bytes/),
  },
  { title: "zip64 end records", archive: () => zip([WANTED], { zip64: {} }), outcome: "payload" },
  {
    title: "zip64 end records that are needed",
    archive: () =>
      zip([WANTED], { zip64: {}, end: { entries: 0xffff, size: 0xffffffff, start: 0xffffffff } }),
    outcome: "payload",
  },
  {
    title: "zip64 end records that contradict the end record",
    archive: () => zip([WANTED], { zip64: { entries: 2n } }),
    outcome: invalid(/contradict each other/),
  },
  {
    title: "a zip64 directory of 2^64 - 1 bytes",
    archive: () => zip([WANTED], { zip64: { size: 2n ** 64n - 1n }, end: { size: 0xffffffff } }),
    outcome: invalid(/too large/),
  },
  {
    title: "a zip64 directory that is elsewhere",
    archive: () => zip([WANTED], { zip64: { start: 5n }, end: { start: 0xffffffff } }),
    outcome: invalid(/not where its end record says/),
  },
  ...[8, 4, 16].map((field): Attack => ({
    title: `a zip64 locator with a wrong field at ${field}`,
    archive: () => {
      const bytes = zip([WANTED], { zip64: {} });
      return bytes.with(bytes.length - 42 + field, 77);
    },
    outcome: invalid(/zip64|several parts|too large/),
  })),
];
