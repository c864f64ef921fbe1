import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { safeLine, safeText } from "../src/safe_text.ts";

const vectors: [name: string, input: string, expected: string][] = [
  ["a colour", "\x1b[31mred\x1b[0m", "red"],
  ["a cleared screen", "a\x1b[2J\x1b[Hb", "ab"],
  ["a title (OSC, ended by BEL)", "a\x1b]0;owned\x07b", "ab"],
  ["a link (OSC, ended by ST)", "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\", "click"],
  ["a DCS string", "a\x1bPpayload\x1b\\b", "ab"],
  ["an APC string", "a\x1b_payload\x1b\\b", "ab"],
  ["C1 control sequences", "a\x9b31mb\x9d0;title\x9cc", "abc"],
  ["an unfinished string, whose text stays", "a\x1b]0;title", "a0;title"],
  ["backspaces", "rm\b\bls", "rmls"],
  ["a carriage return that overwrites", "evil\rgood", "evil\ngood"],
  ["bidirectional overrides", "a\u202eb\u2066c\u200f", "abc"],
  ["zero-width and tag characters", "a\u200bb\ufeffc\u{e0041}d", "abcd"],
  ["lone surrogates", "a\ud800b", "a\ufffdb"],
  ["a character set switch", "a\x1b(0b", "ab"],
  ["what is allowed", "tab\there\nÄ ✅ ℹ️ 漢字", "tab\there\nÄ ✅ ℹ️ 漢字"],
];

for (const [name, input, expected] of vectors) {
  test(`safeText() handles ${name}`, () => assert.equal(safeText(input), expected));
}

test("safeLine() folds line ends and tabs into one space", () => {
  assert.equal(safeLine('a\r\n{"level":"info"}\tb\n\n\nc'), 'a {"level":"info"} b c');
});

test("safeLine() keeps the spaces inside a line", () => {
  assert.equal(safeLine("  ✓ Checksum  verified"), "  ✓ Checksum  verified");
});

test("safeLine() cuts long text without splitting a character", () => {
  assert.equal(safeLine("abcdef", 4), "abc…");
  assert.equal(safeLine("ab😀def", 4), "ab…");
});

test("safeText() is linear: a megabyte of sequence starts takes no time", () => {
  for (const start of ["\x1b]", "\x9d", "\x1b[", "\x9b", "\x1b"]) {
    const begin = performance.now();
    safeText(start.repeat(500_000));
    // Reading each start again would be 125 thousand million steps.
    assert(performance.now() - begin < 60_000, `${JSON.stringify(start)} took too long`);
  }
});

test("safeText() and safeLine() never let a forbidden code point through", () => {
  const nasty = fc.constantFrom(
    "\x1b",
    "\x1b[",
    "\x1b]",
    "\x9b",
    "\x07",
    "\r",
    "\n",
    "\u202e",
    "\u200b",
    "m",
    "0",
    "é",
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(nasty, fc.string({ unit: "binary" }))), (parts) => {
      const text = safeText(parts.join(""));
      assert.doesNotMatch(text, /[\p{Cc}--[\n\t]]|[\p{Bidi_Control}\u200b-\u200f\ufeff]|\p{Cs}/v);
      assert.equal(safeText(text), text);
      assert.doesNotMatch(safeLine(parts.join("")), /[\n\t]/);
    }),
    { numRuns: 500 },
  );
});

test("a line without anything unusual, which is let through at once, comes out as it would the long way", () => {
  const usual = [..." -~azAZ09'\"[\\]^:;→✅ℹ✓❌⚠…\ufe0f"];
  const unusual = ["\t", "\n", "\x1b", "\x9b", "\x7f", "\u200b", "\u2192\u2028", "ä", "\ud800"];
  const characters = fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...usual) },
    { weight: 1, arbitrary: fc.constantFrom(...unusual) },
  );
  fc.assert(fc.property(fc.array(characters).map((all) => all.join("")), (text) => {
    // A letter of another alphabet makes the same text go the long way.
    assert.equal(`ж${safeText(text)}`, safeText(`ж${text}`));
    assert.equal(`ж${safeLine(text)}`, safeLine(`ж${text}`));
  }));
  for (let code = 0; code < 0x10000; code++) {
    const text = String.fromCharCode(code);
    assert.equal(`ж${safeText(text)}`, safeText(`ж${text}`), code.toString(16));
  }
});
