import assert from "node:assert/strict";
import { test } from "node:test";
import { ascii, concatenate, toHex } from "../src/bytes.ts";
import { parseSignatures, verifySignature } from "../src/minisign.ts";
import { generateKey, keyFromSeed, signMessage } from "../src/minisign_secret.ts";
import { RFC8032 } from "./fixtures/ed25519.ts";
import { bytesOf, message } from "./support/signed_message.ts";
import { testKey } from "./support/signed_release.ts";

for (const { name, seed, publicKey, message, signature } of RFC8032) {
  test(`verifySignature() and signMessage() agree with RFC 8032 ${name}`, async () => {
    const key = await keyFromSeed(new Uint8Array(8), bytesOf(seed));
    assert.equal(toHex(key.publicKey.bytes), publicKey);
    const block = await signMessage(bytesOf(message), key, { trustedComment: "", prehashed: false });
    const [parsed] = parseSignatures(new TextEncoder().encode(block));
    assert.ok(parsed);
    assert.equal(toHex(parsed.bytes), signature);
    assert.ok(await verifySignature(bytesOf(message), parsed, key.publicKey));
    assert.ok(!await verifySignature(concatenate(bytesOf(message), ascii("x")), parsed, key.publicKey));
  });
}

test("signMessage() refuses a comment that would add lines to the file", async () => {
  const key = await testKey(1);
  await assert.rejects(signMessage(message, key, { trustedComment: "a\nb" }), TypeError);
  await assert.rejects(
    signMessage(message, key, { trustedComment: "a", untrustedComment: "a\rb" }),
    TypeError,
  );
});

test("generateKey() makes another key every time", async () => {
  const random = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes));
  const [one, other] = [await generateKey(random), await generateKey(random)];
  assert.notEqual(one.publicKey.id, other.publicKey.id);
  assert.notDeepEqual(one.publicKey.bytes, other.publicKey.bytes);
});
