/**
 * minisign's secret keys: making them and signing with them. For publishers; a client never loads this.
 *
 * @module
 */

import { blake2b } from "./blake2b.ts";
import { ascii, concatenate, fromBase64, toBase64 } from "./bytes.ts";
import {
  globalMessage,
  parsePublicKey,
  type PublicKey,
  TRUSTED_COMMENT,
  UNTRUSTED_COMMENT,
} from "./minisign.ts";

/** A secret key and the public key that belongs to it. */
export interface SecretKey {
  /** The public key. */
  readonly publicKey: PublicKey;
  /** The Ed25519 seed, 32 bytes (RFC 8032 section 5.1.5). Whoever has it can sign. */
  readonly seed: Uint8Array<ArrayBuffer>;
}

/** What stands before an Ed25519 seed in PKCS #8 (RFC 8410 section 7). */
const PKCS8_PREFIX = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/**
 * Makes a new key pair.
 *
 * @param random Fresh random bytes, such as `Runtime.random`.
 * @returns The secret key, with a random id.
 */
export async function generateKey(random: (bytes: number) => Uint8Array): Promise<SecretKey> {
  return await keyFromSeed(random(8), Uint8Array.from(random(32)));
}

/** Options of {@link signMessage}. */
export interface SignOptions {
  /** Signed together with the message; one line. */
  readonly trustedComment: string;
  /** Not signed; one line. */
  readonly untrustedComment?: string;
  /** Whether the BLAKE2b-512 digest is signed (`ED`, as `minisign` does unless told otherwise); true unless given. */
  readonly prehashed?: boolean;
}

/**
 * Signs a message.
 *
 * @param message The exact bytes.
 * @param key The key to sign with.
 * @param options The comments and the form.
 * @returns One four-line block of a signature file.
 * @throws {TypeError} When a comment is more than one line.
 */
export async function signMessage(
  message: Uint8Array<ArrayBuffer>,
  key: SecretKey,
  options: SignOptions,
): Promise<string> {
  const { prehashed = true } = options;
  return await signDigest(prehashed ? blake2b(message) : message, key, options);
}

/**
 * Signs a message of which only the BLAKE2b-512 digest is at hand, such as a large file.
 *
 * @param digest The digest, 64 bytes, or with `prehashed: false` the message itself.
 * @param key The key to sign with.
 * @param options The comments and the form.
 * @returns One four-line block of a signature file.
 * @throws {TypeError} When a comment is more than one line.
 */
export async function signDigest(
  digest: Uint8Array<ArrayBuffer>,
  key: SecretKey,
  options: SignOptions,
): Promise<string> {
  const { trustedComment, prehashed = true } = options;
  const untrustedComment = options.untrustedComment ?? `signature from minisign key ${key.publicKey.id}`;
  refuseLines(trustedComment);
  refuseLines(untrustedComment);
  const signing = await importSeed(key.seed);
  const sign = async (bytes: Uint8Array<ArrayBuffer>) =>
    new Uint8Array(await crypto.subtle.sign("Ed25519", signing, bytes));
  const bytes = await sign(digest);
  const globalBytes = await sign(globalMessage({ bytes, trustedComment }));
  const packed = concatenate(
    ascii(prehashed ? "ED" : "Ed"),
    fromBase64(key.publicKey.text)!.subarray(2, 10),
    bytes,
  );
  return [
    UNTRUSTED_COMMENT + untrustedComment,
    toBase64(packed),
    TRUSTED_COMMENT + trustedComment,
    toBase64(globalBytes),
    "",
  ].join("\n");
}

/**
 * The key pair of a seed.
 *
 * @param id The key's id, 8 bytes.
 * @param seed The seed, 32 bytes.
 * @returns The key pair.
 */
export async function keyFromSeed(id: Uint8Array, seed: Uint8Array<ArrayBuffer>): Promise<SecretKey> {
  const { x } = await crypto.subtle.exportKey("jwk", await importSeed(seed));
  const bytes = fromBase64(padded(x ?? ""));
  if (!bytes) throw new TypeError("Cannot use the secret key: this runtime does not tell its public key");
  const text = toBase64(concatenate(ascii("Ed"), id, bytes));
  return { seed, publicKey: parsePublicKey(text) };
}

async function importSeed(seed: Uint8Array): Promise<CryptoKey> {
  const pkcs8 = concatenate(Uint8Array.from(PKCS8_PREFIX), seed);
  return await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", true, ["sign"]);
}

function refuseLines(comment: string): void {
  // A line break would let a comment carry a second signature block.
  if (/[\r\n]/.test(comment)) throw new TypeError("Cannot sign: a comment has more than one line");
}

/** JSON Web Keys use base64 without padding and with two other digits (RFC 7515 section 2). */
function padded(base64url: string): string {
  return base64url.replaceAll("-", "+").replaceAll("_", "/").padEnd(Math.ceil(base64url.length / 4) * 4, "=");
}
