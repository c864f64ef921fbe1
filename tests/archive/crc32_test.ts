import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32ByTable, loadCrc32 } from "../../src/archive/crc32.ts";

const CHECKS: readonly (readonly [string, number])[] = [
  ["", 0],
  ["a", 0xe8b7be43],
  ["123456789", 0xcbf43926],
  ["The quick brown fox jumps over the lazy dog", 0x414fa339],
];

for (const [text, checksum] of CHECKS) {
  test(`CRC-32 of ${JSON.stringify(text)}, by the runtime and by table, whole and in parts`, async () => {
    const bytes = new TextEncoder().encode(text);
    for (const crc32 of [crc32ByTable, await loadCrc32()]) {
      assert.equal(crc32(bytes, 0), checksum);
      assert.equal(crc32(bytes.subarray(1), crc32(bytes.subarray(0, 1), 0)), checksum);
    }
  });
}
