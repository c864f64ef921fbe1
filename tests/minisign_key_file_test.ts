import assert from "node:assert/strict";
import { test } from "node:test";
import { ascii, fromBase64, toBase64 } from "../src/bytes.ts";
import {
  parsePublicKeyFile,
  parseSecretKeyFile,
  publicKeyFile,
  secretKeyFile,
} from "../src/minisign_key_file.ts";
import { CHEAP, scryptMissing } from "./support/cheap_scrypt.ts";
import { testKey } from "./support/signed_release.ts";
import { skipped } from "./support/skipped.ts";

test("secretKeyFile() and parseSecretKeyFile() carry a plain key over", async () => {
  const key = await testKey(3);
  const text = await secretKeyFile(key);
  assert.deepEqual(await parseSecretKeyFile(text), key);
  assert.deepEqual(parsePublicKeyFile(publicKeyFile(key.publicKey)), key.publicKey);
});

test(
  "secretKeyFile() and parseSecretKeyFile() carry a protected key over, and only with its password",
  skipped(scryptMissing),
  async () => {
    const key = await testKey(3);
    const text = await secretKeyFile(key, {
      protection: { password: "päss", salt: new Uint8Array(32), cost: CHEAP },
    });
    assert.deepEqual(await parseSecretKeyFile(text, { password: "päss" }), key);
    await assert.rejects(parseSecretKeyFile(text, { password: "pass" }), /the password is wrong/);
    await assert.rejects(parseSecretKeyFile(text), /no password was given/);
  },
);

test(
  "secretKeyFile() says what to do in a runtime that lacks the needed scrypt",
  skipped(scryptMissing ? "" : "this runtime has it"),
  async () => {
    const protection = { password: "x", salt: new Uint8Array(32), cost: CHEAP };
    await assert.rejects(secretKeyFile(await testKey(3), { protection }), /use Deno 2.9 or newer/);
  },
);

const badSecrets: [why: string, change: (packed: Uint8Array) => Uint8Array, message: RegExp][] = [
  ["is one byte short", (packed) => packed.subarray(1), /no minisign key file/],
  ["is of another algorithm", (packed) => packed.fill(0, 0, 1), /unknown algorithm/],
  ["has another checksum", (packed) => packed.fill(0, 4, 5), /unknown algorithm/],
  ["is protected in another way", (packed) => packed.fill(1, 2, 4), /unknown password protection/],
  ["has a damaged seed", (packed) => packed.fill(0, 70, 71), /damaged/],
  ["has no checksum and a damaged seed", (packed) => packed.fill(0, 70, 71).fill(0, 126), /damaged/],
  ["has a damaged id", (packed) => packed.fill(0, 54, 55), /damaged/],
];

for (const [why, change, expected] of badSecrets) {
  test(`parseSecretKeyFile() refuses a file that ${why}, and does not show it`, async () => {
    const packed = fromBase64((await secretKeyFile(await testKey(3))).split("\n")[1]!)!;
    const text = `untrusted comment: x\n${toBase64(change(packed))}\n`;
    await assert.rejects(parseSecretKeyFile(text), (error: Error) => {
      assert.match(error.message, expected);
      return !error.message.includes("AwMD");
    });
  });
}

test("parseSecretKeyFile() refuses a file that asks for too much memory", async () => {
  const packed = fromBase64((await secretKeyFile(await testKey(3))).split("\n")[1]!)!;
  packed.set(ascii("Sc"), 2);
  packed.fill(0xff, 38, 54);
  const text = `untrusted comment: x\n${toBase64(packed)}\n`;
  await assert.rejects(parseSecretKeyFile(text, { password: "x" }), /too much memory/);
});
