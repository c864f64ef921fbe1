import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { setImmediate } from "node:timers";
import { type ByteSource, chunksOf, createDigest, digestOf } from "../src/digest.ts";
import { READ_CHUNK_BYTES } from "../src/limits.ts";

const vectors: [name: string, text: string, hex: string][] = [
  ["nothing", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["abc", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  [
    "two blocks",
    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  ],
];

for (const [name, text, hex] of vectors) {
  test(`createDigest() gives the digest of FIPS 180-4 for ${name}`, async () => {
    const bytes = new TextEncoder().encode(text);
    const [whole, parts] = [await createDigest(), await createDigest()];
    whole.update(bytes);
    for (const byte of bytes) parts.update(Uint8Array.of(byte));
    assert.equal(whole.hex(), hex);
    assert.equal(parts.hex(), hex);
  });
}

for (
  const size of [0, 1, READ_CHUNK_BYTES - 1, READ_CHUNK_BYTES, READ_CHUNK_BYTES + 1, 2 * READ_CHUNK_BYTES + 7]
) {
  test(`digestOf() reads ${size} bytes once and in order`, async () => {
    const bytes = Uint8Array.from({ length: size }, (_, i) => (i * 31) % 251);
    assert.equal(await digestOf(sourceOf(bytes)), createHash("sha256").update(bytes).digest("hex"));
  });
}

test("digestOf() goes by what is read, not by the size that is told", async () => {
  const bytes = new TextEncoder().encode("abc");
  assert.equal(await digestOf({ ...sourceOf(bytes), size: 9 }), vectors[1]![2]);
});

test("digestOf() ends with the signal's reason", async () => {
  const signal = AbortSignal.abort("enough");
  await assert.rejects(digestOf(sourceOf(new Uint8Array(9)), { signal }), (error) => error === "enough");
});

test("digestOf() rejects with what reading failed with", async () => {
  const failure = new Error("the disk is gone");
  const source = { size: 9, readAt: () => Promise.reject(failure) };
  await assert.rejects(digestOf(source), (error) => error === failure);
});

test("chunksOf() begins where it is told to", async () => {
  const bytes = new TextEncoder().encode("0123456789");
  const chunks = [];
  for await (const chunk of chunksOf(sourceOf(bytes), 4)) chunks.push(new TextDecoder().decode(chunk));
  assert.deepEqual(chunks, ["456789"]);
});

test("chunksOf() has no read under way once the loop was left", async () => {
  let pending = 0;
  const source: Pick<ByteSource, "readAt"> = {
    async readAt(_, into) {
      pending++;
      await new Promise((resolve) => setImmediate(resolve));
      pending--;
      return into.length;
    },
  };
  for await (const chunk of chunksOf(source)) if (chunk.length > 0) break;
  assert.equal(pending, 0);
});

function sourceOf(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    readAt(offset, into) {
      const part = bytes.subarray(offset, offset + into.length);
      into.set(part);
      return Promise.resolve(part.length);
    },
  };
}
