import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { blake2b } from "../src/blake2b.ts";
import { ascii, toHex } from "../src/bytes.ts";
import { BLAKE2B_ABC } from "./fixtures/ed25519.ts";

test("blake2b() agrees with RFC 7693 and with node:crypto at every length around a block", () => {
  assert.equal(toHex(blake2b(ascii("abc"))), BLAKE2B_ABC);
  // From `b2sum -l 256` of GNU coreutils.
  const empty = "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8";
  assert.equal(toHex(blake2b(new Uint8Array(), 32)), empty);
  for (const length of [0, 1, 127, 128, 129, 255, 256, 257, 10_000]) {
    const input = Uint8Array.from({ length }, (_, index) => index * 31 & 0xff);
    assert.equal(
      toHex(blake2b(input)),
      createHash("blake2b512").update(input).digest("hex"),
      `${length} bytes`,
    );
  }
});
