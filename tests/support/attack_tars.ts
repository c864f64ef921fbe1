/**
 * Tar files whose entries are an attack: names, links, devices, duplicates, sizes; and damaged gzip around a good one.
 *
 * @module
 */

import { type Attack, ENTRY, invalid, MAX_BYTES, notFound, OTHER, PAYLOAD } from "./attack.ts";
import { gzip, joined, tar, type TarEntry, tarEntry, tarGz, tarHeader } from "./tar_archive.ts";

const WANTED: TarEntry = { name: ENTRY, content: PAYLOAD };
const MIB = 1 << 20;
const GIB = 1024 * MIB;

/** Another file; its name is the attack. */
function other(name: string): TarEntry {
  return { name, content: OTHER };
}

/** A link under a name. */
function link(name: string, type: "1" | "2", linkName: string): TarEntry {
  return { name, type, linkName };
}

/** Entries, names and sizes. */
export const TAR_ATTACKS: readonly Attack[] = [
  { title: "a single file", archive: () => tarGz(WANTED), outcome: "payload" },
  {
    title: "a name with ../ beside the file",
    archive: () => tarGz(other("../cco"), WANTED, other("../../../etc/cron.d/cco")),
    outcome: "payload",
  },
  {
    title: "only a name with ../",
    archive: () => tarGz(other("../cco"), other("x/../cco")),
    outcome: notFound("../cco", "x/../cco"),
  },
  {
    title: "an absolute name beside the file",
    archive: () => tarGz(other("/cco"), WANTED),
    outcome: "payload",
  },
  { title: "only an absolute name", archive: () => tarGz(other("/cco")), outcome: notFound("/cco") },
  {
    title: "a relative link and a file written through it",
    archive: () => tarGz(link("dir", "2", "../.."), other("dir/victim"), WANTED),
    outcome: "payload",
  },
  {
    title: "an absolute link and only a file written through it",
    archive: () => tarGz(link("dir", "2", "/tmp"), other("dir/cco")),
    outcome: notFound("dir", "dir/cco"),
  },
  {
    title: "a symbolic link of the wanted name, then the file",
    archive: () => tarGz(link(ENTRY, "2", "/etc/passwd"), WANTED),
    outcome: invalid(/cco is a symbolic link/),
  },
  {
    title: "the file, then a symbolic link of its name",
    archive: () => tarGz(WANTED, link(ENTRY, "2", "/etc/passwd")),
    outcome: invalid(/two entries/),
  },
  {
    title: "a relative hard link of the wanted name",
    archive: () => tarGz(other("readme"), link(ENTRY, "1", "../victim")),
    outcome: invalid(/cco is a hard link/),
  },
  {
    title: "an absolute hard link of the wanted name",
    archive: () => tarGz(link(ENTRY, "1", "/etc/passwd")),
    outcome: invalid(/cco is a hard link/),
  },
  {
    title: "a hard link to the file under another name",
    archive: () => tarGz(WANTED, link("cco-link", "1", ENTRY)),
    outcome: "payload",
  },
  {
    title: "a chain of two symbolic links and a hard link through it",
    archive: () =>
      tarGz(
        link("a", "2", "."),
        link("a/b", "2", ".."),
        link("c", "1", "a/b/../etc/passwd"),
        other("c"),
        WANTED,
      ),
    outcome: "payload",
  },
  { title: "a set-user-id mode", archive: () => tarGz({ ...WANTED, mode: 0o6755 }), outcome: "payload" },
  ...[["3", "character device"], ["4", "block device"], ["5", "directory"], ["6", "FIFO"], [
    "S",
    "sparse file",
  ]].map((
    [type, kind],
  ): Attack => ({
    title: `a ${kind} of the wanted name`,
    archive: () => tarGz({ name: ENTRY, type: type! }),
    outcome: invalid(new RegExp(`cco is a ${kind}`)),
  })),
  ...["3", "4", "5", "6", "7", "V", "Z"].map((type): Attack => ({
    title: `an entry of type ${type} beside the file`,
    archive: () => tarGz({ name: "beside", type }, WANTED),
    outcome: "payload",
  })),
  {
    title: "an entry of unknown type with content under the wanted name",
    archive: () => tarGz({ ...WANTED, type: "V" }),
    outcome: invalid(/cco is a special entry \(type "V"\)/),
  },
  {
    title: "a file whose name ends in a slash, which is a directory of old",
    archive: () => tarGz({ name: "cco/", type: "\0" }),
    outcome: invalid(/cco is a directory/),
  },
  { title: "a type flag of old", archive: () => tarGz({ ...WANTED, type: "\0" }), outcome: "payload" },
  { title: "the file twice", archive: () => tarGz(WANTED, WANTED), outcome: invalid(/two entries/) },
  {
    title: "the file again under the name ./cco, at the end",
    archive: () => tarGz(WANTED, ...Array.from({ length: 50 }, (_, i) => other(`doc/${i}`)), other("./cco")),
    outcome: invalid(/two entries/),
  },
  { title: "the file as ./cco", archive: () => tarGz({ ...WANTED, name: "./cco" }), outcome: "payload" },
  {
    title: "the file in a folder",
    archive: () => tarGz(other("cco-v1/cco")),
    outcome: notFound("cco-v1/cco"),
  },
  {
    title: "a name of other case beside the file",
    archive: () => tarGz(other("CCO"), WANTED, other("Cco")),
    outcome: "payload",
  },
  { title: "only a name of other case", archive: () => tarGz(other("CCO")), outcome: notFound("CCO") },
  { title: "no entry at all", archive: () => tarGz(), outcome: notFound() },
  {
    title: "names that steer the terminal",
    archive: () =>
      tarGz(other("\x1b[2Jcco\r\n\u202ex"), other("\x9b31mx"), { name: new Uint8Array([0xff, 0x61]) }),
    outcome: notFound("cco x", "x", "\ufffda"),
  },
  {
    title: "a bomb of 1 GiB under the wanted name",
    archive: () => bomb(ENTRY, GIB),
    outcome: { code: "TOO_LARGE", limit: MAX_BYTES },
  },
  {
    title: "a bomb before the file",
    archive: () => bomb("big", GIB + 64 * MIB),
    outcome: { code: "TOO_LARGE", limit: MAX_BYTES + GIB },
  },
  {
    title: "one byte more than is accepted",
    archive: () => tarGz({ name: ENTRY, content: new Uint8Array(MAX_BYTES + 1) }),
    outcome: { code: "TOO_LARGE", limit: MAX_BYTES },
  },
];

/** Damage to the gzip data, and what RFC 1952 allows. */
export const GZIP_ATTACKS: readonly Attack[] = [
  { title: "bytes that are not gzip", archive: () => tar(WANTED), outcome: invalid(/gzip data is damaged/) },
  { title: "nothing at all", archive: () => new Uint8Array(0), outcome: invalid(/gzip data is damaged/) },
  ...[1, 4, 8, 9, 60].map((missing): Attack => ({
    title: `gzip data without its last ${missing} bytes`,
    archive: () => tarGz(WANTED).slice(0, -missing),
    outcome: invalid(/gzip data is damaged/),
  })),
  ...[["checksum", -8], ["length", -4]].map(([what, at]): Attack => ({
    title: `gzip data with a wrong ${what}`,
    archive: () => {
      const bytes = tarGz(WANTED);
      const index = bytes.length + Number(at);
      return bytes.with(index, bytes[index]! ^ 1);
    },
    outcome: invalid(/gzip data is damaged/),
  })),
  {
    title: "bytes after the gzip data",
    archive: () => joined(tarGz(WANTED), OTHER),
    outcome: invalid(/gzip data is damaged/),
  },
  {
    title: "zeros after the gzip data",
    archive: () => joined(tarGz(WANTED), new Uint8Array(512)),
    outcome: "payload",
  },
  {
    title: "a gzip file of two members",
    archive: () => joined(gzip(tar(WANTED).subarray(0, 700)), gzip(tar(WANTED).subarray(700))),
    outcome: "payload",
  },
  {
    title: "a second archive in a second gzip member",
    archive: () => joined(tarGz(WANTED), tarGz(other("cco"))),
    outcome: invalid(/bytes follow the end/),
  },
];

/** Zeros without end in a few kilobytes: gzip members can be repeated. */
function bomb(name: string, size: number): Uint8Array {
  const zeros = gzip(new Uint8Array(16 * MIB));
  const members = Array.from({ length: size / (16 * MIB) }, () => zeros);
  return joined(gzip(tarHeader({ name, size })), ...members, gzip(tar(tarEntry(WANTED))));
}
