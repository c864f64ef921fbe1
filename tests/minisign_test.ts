import assert from "node:assert/strict";
import { test } from "node:test";
import { concatenate, fromBase64, toBase64 } from "../src/bytes.ts";
import { globalMessage, parseSignatures, verifySignature } from "../src/minisign.ts";
import { GROUP_ORDER } from "./fixtures/ed25519.ts";
import { littleEndian, message, signedMessage } from "./support/signed_message.ts";

test("T13: verifySignature() refuses a signature whose S was raised by the group order", async () => {
  const { key, signature } = await signedMessage();
  const s = bigIntOf(signature.bytes.subarray(32)) + GROUP_ORDER;
  const bytes = concatenate(signature.bytes.subarray(0, 32), littleEndian(s));
  assert.ok(!await verifySignature(message, { ...signature, bytes }, key.publicKey));
});

test("verifySignature() refuses a changed trusted comment", async () => {
  const { key, signature } = await signedMessage();
  assert.ok(await verifySignature(message, signature, key.publicKey));
  assert.ok(!await verifySignature(message, { ...signature, trustedComment: "another" }, key.publicKey));
});

test("verifySignature() refuses a trusted comment that was moved to another signature", async () => {
  const { key, signature } = await signedMessage();
  const other = await signedMessage(new TextEncoder().encode("another message"));
  const { trustedComment, globalBytes } = other.signature;
  assert.ok(!await verifySignature(message, { ...signature, trustedComment, globalBytes }, key.publicKey));
});

test("verifySignature() refuses a signature of the digest that is said to be of the message, and the reverse", async () => {
  for (const prehashed of [true, false]) {
    const { key, signature } = await signedMessage(message, prehashed);
    assert.ok(!await verifySignature(message, { ...signature, prehashed: !prehashed }, key.publicKey));
  }
});

test("globalMessage() is the signature followed by the comment's UTF-8", () => {
  const bytes = new Uint8Array(64).fill(7);
  assert.deepEqual(
    globalMessage({ bytes, trustedComment: "ä" }),
    concatenate(bytes, Uint8Array.of(0xc3, 0xa4)),
  );
});

const badFiles: [
  why: string,
  make: (lines: [string, string, string, string]) => string[],
  message: RegExp,
][] = [
  ["is empty", () => [], /^0 lines/],
  ["has three lines", (lines) => lines.slice(0, 3), /^3 lines/],
  ["has a line too many", (lines) => [...lines, "x"], /^5 lines/],
  ["has an empty line between", (lines) => [...lines, "", ...lines], /^9 lines/],
  [
    "begins with a byte order mark",
    (lines) => ["\ufeff" + lines[0], ...lines.slice(1)],
    /comment is missing/,
  ],
  ["has no untrusted comment", ([, b, c, d]) => ["comment: x", b, c, d], /comment is missing/],
  ["has no trusted comment", ([a, b, , d]) => [a, b, "comment: x", d], /comment is missing/],
  ["has a short signature", ([a, b, c, d]) => [a, repack(b, (bytes) => bytes.subarray(1)), c, d], /74 bytes/],
  [
    "has a signature by Xd",
    ([a, b, c, d]) => [a, repack(b, (bytes) => bytes.fill(0x58, 0, 1)), c, d],
    /neither Ed/,
  ],
  [
    "has a signature by EX",
    ([a, b, c, d]) => [a, repack(b, (bytes) => bytes.fill(0x58, 1, 2)), c, d],
    /neither Ed/,
  ],
  [
    "has a short comment signature",
    ([a, b, c, d]) => [a, b, c, repack(d, (bytes) => bytes.subarray(1))],
    /64 bytes/,
  ],
  [
    "has a comment signature in another spelling",
    ([a, b, c, d]) => [a, b, c, d.replace(/.==$/, "B==")],
    /canonical/,
  ],
  ["has 17 signatures", (lines) => Array.from({ length: 17 }, () => lines).flat(), /^68 lines/],
];

for (const [why, make, expected] of badFiles) {
  test(`parseSignatures() refuses a file that ${why}`, async () => {
    const { lines } = await signedMessage();
    const file = new TextEncoder().encode(make(lines).join("\n"));
    assert.throws(() => parseSignatures(file), { name: "SyntaxError", message: expected });
  });
}

test("parseSignatures() refuses bytes that are not UTF-8", async () => {
  const { block } = await signedMessage();
  const bytes = new TextEncoder().encode(block);
  bytes[20] = 0xff;
  assert.throws(() => parseSignatures(bytes), SyntaxError);
});

test("parseSignatures() reads 16 signatures, with Windows line ends and without a last one", async () => {
  const { lines, signature } = await signedMessage();
  const all = Array.from({ length: 16 }, () => lines).flat();
  for (const text of [all.join("\n"), all.join("\r\n"), all.join("\n") + "\n"]) {
    assert.deepEqual(parseSignatures(new TextEncoder().encode(text)), Array(16).fill(signature));
  }
});

function repack(base64: string, change: (bytes: Uint8Array) => Uint8Array): string {
  return toBase64(change(fromBase64(base64)!));
}

function bigIntOf(bytes: Uint8Array): bigint {
  return bytes.reduceRight((number, byte) => number << 8n | BigInt(byte), 0n);
}
