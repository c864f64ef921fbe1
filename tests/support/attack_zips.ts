/**
 * Zip files whose entries are an attack: names, links, duplicates, sizes, contradictions.
 *
 * @module
 */

import { deflateRawSync } from "node:zlib";
import { type Attack, ENTRY, invalid, MAX_BYTES, notFound, OTHER, PAYLOAD } from "./attack.ts";
import { joined, utf8 } from "./tar_archive.ts";
import { descriptor, STREAMED, unixMode, zip, zip64Extra, type ZipEntry } from "./zip_archive.ts";

const WANTED: ZipEntry = { name: ENTRY, content: PAYLOAD };
const CONTRADICTION = /local header and the zip directory give different/;

/** Another file; its name is the attack. */
function other(name: string): ZipEntry {
  return { name, content: OTHER };
}

/** Entries, names and sizes. */
export const ZIP_ATTACKS: readonly Attack[] = [
  { title: "a single file", archive: () => zip([WANTED]), outcome: "payload" },
  {
    title: "a file that is not compressed",
    archive: () => zip([{ ...WANTED, method: 0 }]),
    outcome: "payload",
  },
  ...["../cco", "/cco", "..\\cco", "bin\\cco", "C:\\cco", "C:cco", "CCO", "cco.exe", "cco-v1/cco"].flatMap((
    name,
  ): Attack[] => [
    { title: `${name} beside the file`, archive: () => zip([other(name), WANTED]), outcome: "payload" },
    { title: `only ${name}`, archive: () => zip([other(name)]), outcome: notFound(name) },
  ]),
  { title: "no entry at all", archive: () => zip([]), outcome: notFound() },
  { title: "the file as ./cco", archive: () => zip([{ ...WANTED, name: "./cco" }]), outcome: "payload" },
  ...[[0o120777, "symbolic link"], [0o040755, "directory"], [0o020666, "character device"], [
    0o010644,
    "FIFO",
  ]].flatMap((
    [mode, kind],
  ): Attack[] =>
    [3, 0].map((madeBy) => ({
      title: `a ${kind} of the wanted name, made by system ${madeBy}`,
      archive: () =>
        zip([{ ...WANTED, content: utf8("/etc/passwd"), madeBy, attributes: unixMode(Number(mode)) }]),
      outcome: invalid(new RegExp(`cco is a ${kind}`)),
    }))
  ),
  {
    title: "a directory of the wanted name by its DOS attribute",
    archive: () => zip([{ ...WANTED, madeBy: 0, attributes: 0x10 }]),
    outcome: invalid(/cco is a directory/),
  },
  {
    title: "a directory of the wanted name by its slash",
    archive: () => zip([{ ...WANTED, name: "cco/" }]),
    outcome: invalid(/cco is a directory/),
  },
  {
    title: "a file made on DOS",
    archive: () => zip([{ ...WANTED, madeBy: 0, attributes: 0x20 }]),
    outcome: "payload",
  },
  {
    title: "a set-user-id mode",
    archive: () => zip([{ ...WANTED, attributes: unixMode(0o106755) }]),
    outcome: "payload",
  },
  { title: "the file twice", archive: () => zip([WANTED, WANTED]), outcome: invalid(/two entries/) },
  {
    title: "the file again as ./cco",
    archive: () => zip([WANTED, other("a"), other("./cco")]),
    outcome: invalid(/two entries/),
  },
  {
    title: "a bomb of 64 MiB",
    archive: () => zip([{ name: ENTRY, content: new Uint8Array(64 << 20) }]),
    outcome: { code: "TOO_LARGE", limit: MAX_BYTES },
  },
  {
    title: "a size that lies, in both headers: too small",
    archive: () => zip([{ ...WANTED, local: { size: 10 }, central: { size: 10 } }]),
    outcome: invalid(/larger than it says/),
  },
  {
    title: "a size that lies, in both headers: too large",
    archive: () => zip([{ ...WANTED, local: { size: 9999 }, central: { size: 9999 } }]),
    outcome: invalid(/smaller than it says/),
  },
  {
    title: "a size that lies, of a file that is not compressed",
    archive: () => zip([{ ...WANTED, method: 0, local: { size: 10 }, central: { size: 10 } }]),
    outcome: invalid(CONTRADICTION),
  },
  ...([
    ["name", { name: utf8("abc") }],
    ["longer name", { name: utf8("cco2") }],
    ["size", { size: 10 }],
    ["compressed size", { compressedSize: 10 }],
    ["checksum", { crc32: 10 }],
    ["method", { method: 0 }],
    ["encryption flag", { flags: 1 }],
    ["descriptor flag", { flags: 8 }],
  ] as const).map(([what, local]): Attack => ({
    title: `another ${what} in the local header`,
    archive: () => zip([{ ...WANTED, local }]),
    outcome: invalid(CONTRADICTION),
  })),
  {
    title: "a wrong checksum in both headers",
    archive: () => zip([{ ...WANTED, local: { crc32: 1 }, central: { crc32: 1 } }]),
    outcome: invalid(/wrong checksum/),
  },
  ...[0x0001, 0x0041, 0x2000, 0x0020].map((flags): Attack => ({
    title: `an encrypted or patched entry (flags ${flags})`,
    archive: () => zip([{ ...WANTED, flags }]),
    outcome: invalid(/encrypted, or a patch/),
  })),
  {
    title: "an encrypted entry beside the file",
    archive: () => zip([{ ...other("secret"), flags: 1 }, WANTED]),
    outcome: "payload",
  },
  {
    title: "a compression method that is not read",
    archive: () => zip([{ ...WANTED, local: { method: 12 }, central: { method: 12 } }]),
    outcome: invalid(/method 12/),
  },
  {
    title: "compressed data that is damaged",
    archive: () => zip([{ ...WANTED, stored: new Uint8Array(50).fill(0xff) }]),
    outcome: invalid(/deflate-raw data is damaged/),
  },
  {
    title: "compressed data that is truncated",
    archive: () => zip([{ ...WANTED, stored: deflated(PAYLOAD).slice(0, -1) }]),
    outcome: invalid(/deflate-raw data is damaged or truncated/),
  },
  {
    title: "bytes behind the compressed data, within its declared size",
    archive: () => zip([{ ...WANTED, stored: joined(deflated(PAYLOAD), OTHER) }]),
    outcome: invalid(/followed by other bytes/),
  },
  {
    title: "bytes between the file and the next entry",
    archive: () => zip([{ ...WANTED, after: OTHER }, other("a")]),
    outcome: invalid(/bytes follow the entry/),
  },
  ...[true, false].flatMap((signed) =>
    [true, false].map((wide): Attack => ({
      title: `a data descriptor, ${signed ? "" : "not "}signed, of ${wide ? 64 : 32} bits`,
      archive: () =>
        zip([
          { ...WANTED, ...STREAMED, method: 0, after: descriptor(PAYLOAD, { signed, wide }) },
          other("a"),
        ]),
      outcome: "payload",
    }))
  ),
  {
    title: "a data descriptor of another file",
    archive: () =>
      zip([{ ...WANTED, ...STREAMED, method: 0, after: descriptor(OTHER, { signed: true, wide: false }) }]),
    outcome: invalid(/different data descriptors/),
  },
  {
    title: "a data descriptor that is not there",
    archive: () => zip([{ ...WANTED, ...STREAMED }, other("a")]),
    outcome: invalid(CONTRADICTION),
  },
  {
    title: "sizes in zip64 fields",
    archive: () => {
      const extra = zip64Extra(PAYLOAD.length, PAYLOAD.length);
      const fields = { size: 0xffffffff, compressedSize: 0xffffffff, extra };
      return zip([{ ...WANTED, method: 0, local: fields, central: fields }]);
    },
    outcome: "payload",
  },
  {
    title: "sizes in a zip64 field that is too short",
    archive: () => {
      const fields = { size: 0xffffffff, compressedSize: 0xffffffff, extra: zip64Extra(PAYLOAD.length) };
      return zip([{ ...WANTED, method: 0, local: fields, central: fields }]);
    },
    outcome: invalid(/zip64 field is too short/),
  },
  {
    title: "sizes in a zip64 field that reaches beyond the entry",
    archive: () => zip([{ ...WANTED, central: { size: 0xffffffff, extra: new Uint8Array([1, 0, 200, 0]) } }]),
    outcome: invalid(/extra field is cut off/),
  },
  {
    title: "sizes in a zip64 field that is not there",
    archive: () => zip([{ ...WANTED, local: { size: 0xffffffff }, central: { size: 0xffffffff } }]),
    outcome: invalid(/smaller than it says/),
  },
  {
    title: "a size of 2^64 - 1 in a zip64 field",
    archive: () => {
      const extra = joined(zip64Extra(0).subarray(0, 4), new Uint8Array(8).fill(0xff));
      return zip([{ ...WANTED, central: { size: 0xffffffff, extra } }]);
    },
    outcome: invalid(/too large/),
  },
];

function deflated(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(deflateRawSync(bytes));
}
