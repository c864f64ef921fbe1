/**
 * Tar files whose extended headers are an attack: PAX records, GNU's long names and sparse maps.
 *
 * @module
 */

import { type Attack, ENTRY, invalid, notFound, OTHER, PAYLOAD } from "./attack.ts";
import { gzip, longName, pax, tar, type TarEntry, tarGz, utf8 } from "./tar_archive.ts";

const WANTED: TarEntry = { name: ENTRY, content: PAYLOAD };
const README: TarEntry = { name: "readme", content: OTHER };
const LONG = `${"folder/".repeat(40)}cco`;

/** Extended headers. */
export const TAR_EXTENSION_ATTACKS: readonly Attack[] = [
  {
    title: "a PAX path that makes another file the wanted one",
    archive: () => tarGz(pax({ path: ENTRY }), { ...WANTED, name: "readme" }),
    outcome: "payload",
  },
  {
    title: "a PAX path that makes the wanted file another one",
    archive: () => tarGz(pax({ path: "../evil" }), WANTED),
    outcome: notFound("../evil"),
  },
  {
    title: "a PAX path that makes a second file of the wanted name",
    archive: () => tarGz(WANTED, pax({ path: ENTRY }), README),
    outcome: invalid(/two entries/),
  },
  {
    title: "a PAX path without a value",
    archive: () => tarGz(pax({ path: "" }), WANTED),
    outcome: invalid(/PAX path is empty/),
  },
  {
    title: "a PAX path with a NUL",
    archive: () => tarGz(pax({ path: "cco\0.txt" }), WANTED),
    outcome: invalid(/PAX path is empty, or has a NUL/),
  },
  {
    title: "a PAX size that overrides the header's",
    archive: () => tarGz(pax({ size: `${PAYLOAD.length}` }), { ...WANTED, size: 0 }),
    outcome: "payload",
  },
  ...["", "-1", "1e3", "0x10", " 1", "99999999999999999999"].map((size): Attack => ({
    title: `a PAX size of ${JSON.stringify(size)}`,
    archive: () => tarGz(pax({ size }), WANTED),
    outcome: invalid(/PAX size is no number/),
  })),
  ...[
    "10 path=cco\n",
    "12 path=cco",
    "0 path=cco\n",
    "x path=cco\n",
    "12path=cco\n",
    "8 =value\n",
    "999 a=b\n",
  ].map(
    (record): Attack => ({
      title: `the PAX record ${JSON.stringify(record)}`,
      archive: () => tarGz({ name: "x", type: "x", content: utf8(record) }, README, WANTED),
      outcome: invalid(/PAX record is malformed/),
    }),
  ),
  {
    title: "PAX records without effect, one of them binary",
    archive: () => tarGz(pax({ mtime: "1.5", "SCHILY.xattr.user.x": "a\n12 path=evil\n\0" }), WANTED),
    outcome: "payload",
  },
  {
    title: "PAX records that are cut off",
    archive: () => gzip(tar(pax({ path: ENTRY })).subarray(0, 520)),
    outcome: invalid(/truncated/),
  },
  {
    title: "PAX records of 2 MiB",
    archive: () => tarGz(pax({ comment: "x".repeat(2 << 20) }), WANTED),
    outcome: invalid(/more than 1048576 bytes/),
  },
  {
    title: "a PAX header of 8 GiB",
    archive: () => tarGz({ name: "x", type: "x", size: 0o77777777777 }, WANTED),
    outcome: invalid(/more than 1048576 bytes/),
  },
  {
    title: "a comment for all files, as `git archive` writes",
    archive: () => tarGz(pax({ comment: "0123456789abcdef" }, "g"), WANTED),
    outcome: "payload",
  },
  {
    title: "a PAX path for all files",
    archive: () => tarGz(pax({ path: ENTRY }, "g"), README),
    outcome: invalid(/global PAX header/),
  },
  {
    title: "two PAX headers for one file",
    archive: () => tarGz(pax({ path: "a" }), pax({ path: ENTRY }), README),
    outcome: invalid(/two PAX headers/),
  },
  {
    title: "a PAX header for no file",
    archive: () => tarGz(WANTED, pax({ path: ENTRY })),
    outcome: invalid(/belongs to no entry/),
  },
  {
    title: "a sparse file by PAX records",
    archive: () =>
      tarGz(pax({ "GNU.sparse.major": "1", "GNU.sparse.name": ENTRY }), { ...README, name: "GNUSparse" }),
    outcome: invalid(/cco is a sparse file/),
  },
  {
    title: "a sparse file with more than one block of map beside the file",
    archive: () =>
      tarGz(
        { name: "s", type: "S", patch: (header) => header.set([1], 482) },
        sparseMap(1),
        sparseMap(0),
        WANTED,
      ),
    outcome: "payload",
  },
  {
    title: "a GNU long name that makes another file the wanted one",
    archive: () => tarGz(longName(ENTRY), { ...WANTED, name: "readme" }),
    outcome: "payload",
  },
  {
    title: "a GNU long name that makes the wanted file another one",
    archive: () => tarGz(longName(LONG), WANTED),
    outcome: notFound(`${LONG.slice(0, 99)}…`),
  },
  {
    title: "a GNU long name with a NUL",
    archive: () => tarGz(longName("cco\0.txt"), WANTED),
    outcome: invalid(/GNU long name/),
  },
  {
    title: "an empty GNU long name",
    archive: () => tarGz(longName(""), WANTED),
    outcome: invalid(/GNU long name/),
  },
  {
    title: "two GNU long names",
    archive: () => tarGz(longName("a"), longName(ENTRY), README),
    outcome: invalid(/two GNU long names/),
  },
  {
    title: "a PAX path and a GNU long name",
    archive: () => tarGz(pax({ path: "a" }), longName(ENTRY), README),
    outcome: invalid(/both a PAX path and a GNU long name/),
  },
  {
    title: "a GNU long link name of the wanted name",
    archive: () => tarGz(longName(ENTRY, "K"), { name: "link", type: "2" }, WANTED),
    outcome: "payload",
  },
];

function sparseMap(more: 0 | 1): Uint8Array {
  return new Uint8Array(512).with(504, more);
}
