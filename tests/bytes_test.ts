import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBase64 } from "../src/bytes.ts";

test("T13: fromBase64() refuses a second spelling of the same bytes", () => {
  assert.deepEqual(fromBase64("AA=="), Uint8Array.of(0));
  for (const text of ["AB==", "AA", "A A==", "AA==\n", "AA-="]) {
    assert.equal(fromBase64(text), undefined, text);
  }
});
