import assert from "node:assert/strict";
import { test } from "node:test";
import { ascii, concatenate, fromBase64, toBase64, toHex } from "../src/bytes.ts";
import { parsePublicKey } from "../src/minisign.ts";
import { GROUP_ORDER, SMALL_ORDER } from "./fixtures/ed25519.ts";
import { bytesOf, littleEndian, message } from "./support/signed_message.ts";
import { testKey } from "./support/signed_release.ts";
import { leaveOut } from "./support/skipped.ts";

const PRIME = 2n ** 255n - 19n;

for (const { order, canonical, key } of SMALL_ORDER) {
  const kind = canonical ? "canonical" : "non-canonical";
  test(`T13: parsePublicKey() refuses the ${kind} encoding ${key.slice(0, 4)}…${key.slice(-2)} of order ${order}`, () => {
    assert.throws(() => parsePublicKey(packKey(bytesOf(key))), /anybody can sign for it/);
  });
}

test("T13: parsePublicKey() refuses every y from the prime to 2^255, with either sign", () => {
  for (let y = PRIME; y < 2n ** 255n; y++) {
    assert.throws(() => parsePublicKey(packKey(littleEndian(y))), TypeError, `y = p + ${y - PRIME}`);
    assert.throws(() => parsePublicKey(packKey(littleEndian(y | 1n << 255n))), TypeError);
  }
});

test("T13: the refused y coordinates are all those of the eight points of small order", () => {
  const found = new Set(torsionPoints().map(({ y }) => toHex(littleEndian(y))));
  const listed = SMALL_ORDER.filter(({ canonical, key }) => canonical && bytesOf(key)[31]! < 0x80);
  assert.deepEqual([...found].sort(), listed.map(({ key }) => key).sort());
});

test("T13: without that refusal, anybody can sign for the identity point in this runtime", async (t) => {
  const identity = bytesOf("01".padEnd(64, "0"));
  const forged = concatenate(identity, new Uint8Array(32));
  assert.throws(() => parsePublicKey(packKey(identity)), TypeError);
  const key = await crypto.subtle.importKey("raw", identity, "Ed25519", false, ["verify"]);
  const isForgeable = await crypto.subtle.verify("Ed25519", key, forged, message);
  // Newer versions of OpenSSL have learned to refuse it, and so has Node 24.
  if (!isForgeable) return leaveOut(t, "this runtime refuses the forged signature by itself");
  assert.ok(isForgeable);
});

const badKeys: [why: string, make: (text: string) => string][] = [
  ["is empty", () => ""],
  ["is not base64", (text) => `${text.slice(0, -1)}!`],
  ["has a space in it", (text) => `${text.slice(0, 8)} ${text.slice(8)}`],
  ["has a line end after it", (text) => `${text}\n`],
  ["has stray padding", (text) => `${text}=`],
  ["is one byte short", (text) => toBase64(fromBase64(text)!.subarray(0, 41))],
  ["is one byte long", (text) => toBase64(concatenate(fromBase64(text)!, Uint8Array.of(0)))],
  ["is of another algorithm", (text) => toBase64(concatenate(ascii("ED"), fromBase64(text)!.subarray(2)))],
  ["begins with another letter", (text) => toBase64(concatenate(ascii("Xd"), fromBase64(text)!.subarray(2)))],
];

for (const [why, make] of badKeys) {
  test(`T13: parsePublicKey() refuses a key that ${why}`, async () => {
    const { text } = (await testKey(1)).publicKey;
    assert.throws(() => parsePublicKey(make(text)), {
      name: "TypeError",
      message: /^Cannot use the public key/,
    });
  });
}

function packKey(bytes: Uint8Array): string {
  return toBase64(concatenate(ascii("Ed12345678"), bytes));
}

interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

/** The points P of the curve with 8 P = 0: the multiples of one of order 8 (RFC 8032 section 5.1). */
function torsionPoints(): Point[] {
  for (let y = 2n;; y++) {
    const x = squareRoot(divide(y * y - 1n, curveD() * y * y + 1n));
    if (x === undefined) continue;
    const generator = multiply(GROUP_ORDER, { x, y });
    const multiples = [1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n].map((factor) => multiply(factor, generator));
    if (multiples.findIndex(isIdentity) === 7) return multiples;
  }
}

function isIdentity({ x, y }: Point): boolean {
  return x === 0n && y === 1n;
}

function multiply(factor: bigint, point: Point): Point {
  let result: Point = { x: 0n, y: 1n };
  for (const bit of factor.toString(2)) {
    result = add(result, result);
    if (bit === "1") result = add(result, point);
  }
  return result;
}

function add(one: Point, other: Point): Point {
  const product = curveD() * one.x * other.x * one.y * other.y;
  return {
    x: divide(one.x * other.y + one.y * other.x, 1n + product),
    y: divide(one.y * other.y + one.x * other.x, 1n - product),
  };
}

function curveD(): bigint {
  return 37095705934669439343138083508754565189542113879843219016388785533085940283555n;
}

function divide(dividend: bigint, divisor: bigint): bigint {
  return modulo(dividend * power(modulo(divisor), PRIME - 2n));
}

function squareRoot(square: bigint): bigint | undefined {
  const root = power(square, (PRIME + 3n) / 8n);
  const other = modulo(root * power(2n, (PRIME - 1n) / 4n));
  return [root, other].find((candidate) => modulo(candidate * candidate - square) === 0n);
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = modulo(result * result * (bit === "1" ? base : 1n));
  }
  return result;
}

function modulo(value: bigint): bigint {
  return (value % PRIME + PRIME) % PRIME;
}
