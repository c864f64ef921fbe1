import assert from "node:assert/strict";
import { test } from "node:test";
import { type ArchiveFormat, formatOf } from "../src/archive_format.ts";

const NAMES: readonly (readonly [string, ArchiveFormat])[] = [
  ["cco-v2025.11.2-linux-x86_64.tar.gz", "tar.gz"],
  ["cco.TGZ", "tar.gz"],
  ["/download/cco-v2025.11.2-windows-x86_64.ZIP", "zip"],
  ["cco-linux.gz", "gz"],
  ["cco-linux.br", "br"],
  ["cco-v2025.11.2-linux-x86_64", "raw"],
  ["cco.exe", "raw"],
  ["zip", "raw"],
];

for (const [name, format] of NAMES) {
  test(`formatOf() takes ${name} for ${format}`, () => assert.equal(formatOf(name), format));
}
