/** Base64 of our own: one spelling for each run of bytes. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBase64, toBase64 } from "../src/bytes.ts";

test("toBase64() writes what btoa() writes, and fromBase64() reads it, at every length around a group", () => {
  for (const length of [0, 1, 2, 3, 4, 5, 6, 32, 64, 255, 256, 257]) {
    const bytes = Uint8Array.from({ length }, (_, index) => index * 167 + length & 0xff);
    const text = btoa(String.fromCharCode(...bytes));
    assert.equal(toBase64(bytes), text);
    assert.deepEqual(fromBase64(text), bytes);
  }
});

const otherSpellings = [
  "QUI",
  "QUJ=",
  "QUI==",
  "QUI= ",
  " QUI=",
  "QU I=",
  "QUI=\n",
  "Q=UI",
  "QUI=QUI=",
  "QUI-",
  "QU_D",
  "=",
  "==",
  "====",
  "Q",
  "Q===",
  "QQ",
  "QR==",
  "QUJÄ",
  "QUJD====",
  "\u0151UI=",
];

test("T13: fromBase64() refuses every other spelling of the same bytes, and what is none", () => {
  assert.deepEqual(fromBase64("QUI="), Uint8Array.of(0x41, 0x42));
  for (const text of otherSpellings) assert.equal(fromBase64(text), undefined, JSON.stringify(text));
});
