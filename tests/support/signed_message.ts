/**
 * A message that is signed, and the bytes and numbers of keys and signatures.
 *
 * @module
 */

import assert from "node:assert/strict";
import { parseSignatures, type Signature } from "../../src/minisign.ts";
import { type SecretKey, signMessage } from "../../src/minisign_secret.ts";
import { testKey } from "./signed_release.ts";

/** The message. */
export const message = new TextEncoder().encode("the message\n");

/** A signature, its file and that file's lines, and the key that made it. */
export interface SignedMessage {
  readonly key: SecretKey;
  readonly block: string;
  readonly lines: [string, string, string, string];
  readonly signature: Signature;
}

/** Signs a message, {@link message} unless given. */
export async function signedMessage(bytes = message, prehashed = true): Promise<SignedMessage> {
  const key = await testKey(1);
  const block = await signMessage(bytes, key, { trustedComment: "a comment", prehashed });
  const [signature] = parseSignatures(new TextEncoder().encode(block));
  assert.ok(signature);
  return { key, block, lines: block.trimEnd().split("\n") as SignedMessage["lines"], signature };
}

/** Bytes from their hexadecimal digits. */
export function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(
    { length: hex.length / 2 },
    (_, index) => parseInt(hex.slice(2 * index, 2 * index + 2), 16),
  );
}

/** A number as the 32 bytes that keys and signatures have for it. */
export function littleEndian(value: bigint): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: 32 }, (_, index) => Number(value >> BigInt(8 * index) & 0xffn));
}
