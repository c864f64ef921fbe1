/**
 * minisign's public keys and signatures: reading and verifying them.
 *
 * The format is that of <https://jedisct1.github.io/minisign/>: Ed25519 (RFC 8032) over the message (`Ed`) or over its
 * BLAKE2b-512 digest (`ED`), and a second signature over the first one and the trusted comment. Verification uses Web
 * Crypto and nothing else, so that checking for an update loads no `node:` module.
 *
 * @module
 */

import { blake2b } from "./blake2b.ts";
import { fromBase64, fromUtf8, toHex, toUtf8 } from "./bytes.ts";

/** A public key as it stands in the second line of `minisign.pub`. */
export interface PublicKey {
  /** The key as text: `RW…`. */
  readonly text: string;
  /** Its id as `minisign` prints it, 16 upper-case hexadecimal digits. The id is chosen, not computed: not an identity. */
  readonly id: string;
  /** The Ed25519 key itself, 32 bytes: what makes two keys different. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** One four-line block of a signature file. */
export interface Signature {
  /** Whether the digest of the message is signed (`ED`) instead of the message itself (`Ed`). */
  readonly prehashed: boolean;
  /** The id of the key that is said to have made it. */
  readonly keyId: string;
  /** The signature of the message, 64 bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What the signer says about the message. Trusted only once {@link verifySignature} holds. */
  readonly trustedComment: string;
  /** The signature of {@link bytes} and {@link trustedComment}, 64 bytes. */
  readonly globalBytes: Uint8Array<ArrayBuffer>;
}

/** How the first comment line of every file of minisign's begins. */
export const UNTRUSTED_COMMENT = "untrusted comment: ";
/** How the comment line that is signed begins. */
export const TRUSTED_COMMENT = "trusted comment: ";

/** More signatures than this in one file are an attack on the processor. */
const SIGNATURES = 16;
const PUBLIC_KEY_BYTES = 42;
const SIGNATURE_BYTES = 74;
const GLOBAL_SIGNATURE_BYTES = 64;
const ED = 0x45, LOWER_D = 0x64, UPPER_D = 0x44;

/** The prime of the curve's field (RFC 8032 section 5.1). */
const PRIME = 2n ** 255n - 19n;
/** The y coordinate of two of the four points of order 8; that of the other two is its negative. */
const TORSION = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
/** The y coordinates of points of small order: for them, signatures can be made without any secret. */
const SMALL_ORDER = [0n, 1n, PRIME - 1n, TORSION, PRIME - TORSION];

/**
 * Reads a public key: the line that starts with `RW`.
 *
 * @param text The key as text.
 * @returns The key.
 * @throws {TypeError} When it is not canonical base64 of an Ed25519 key of minisign's, or one of the keys for which
 *   anybody can sign (T13).
 */
export function parsePublicKey(text: string): PublicKey {
  const refuse = (why: string) => new TypeError(`Cannot use the public key ${JSON.stringify(text)}: ${why}`);
  const packed = fromBase64(text);
  // T13: one spelling per key; Deno 2.7 imports keys of 31 and 33 bytes without an error.
  if (packed?.length !== PUBLIC_KEY_BYTES || packed[0] !== ED || packed[1] !== LOWER_D) {
    throw refuse("it is not canonical base64 of an Ed25519 key");
  }
  const bytes = packed.slice(10);
  // T13: all runtimes accept such keys and then accept signatures that nobody made.
  if (isWeak(bytes)) throw refuse("anybody can sign for it");
  return { text, id: keyIdOf(packed.subarray(2, 10)), bytes };
}

/**
 * Reads a signature file: one block of four lines for each signature, 16 at most.
 *
 * @param file The file's bytes.
 * @returns The signatures in their order. They are not verified.
 * @throws {SyntaxError} When it has another form.
 */
export function parseSignatures(file: Uint8Array): Signature[] {
  const lines = fromUtf8(file).split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  // T6: every signature costs two verifications.
  if (lines.length % 4 !== 0 || lines.length === 0 || lines.length > 4 * SIGNATURES) {
    throw new SyntaxError(`${lines.length} lines are not four for each of 1 to ${SIGNATURES} signatures`);
  }
  const signatures: Signature[] = [];
  for (let line = 0; line < lines.length; line += 4) signatures.push(parseBlock(lines.slice(line, line + 4)));
  return signatures;
}

/**
 * Tells whether a signature holds: over the message and over the trusted comment.
 *
 * It does not look at what the comment says, nor at the key's id, which anybody can choose.
 *
 * @param message The exact bytes that were signed.
 * @param signature The signature.
 * @param key The key that should have made it.
 * @returns Whether both of its signatures are valid.
 */
export async function verifySignature(
  message: Uint8Array<ArrayBuffer>,
  signature: Signature,
  key: PublicKey,
): Promise<boolean> {
  const imported = await crypto.subtle.importKey("raw", key.bytes, "Ed25519", false, ["verify"]);
  const signed = signature.prehashed ? blake2b(message) : message;
  // T1: the message, then T12: the comment, which says what the message is for.
  return await crypto.subtle.verify("Ed25519", imported, signature.bytes, signed) &&
    await crypto.subtle.verify("Ed25519", imported, signature.globalBytes, globalMessage(signature));
}

/** What the second signature is over: the first one and the trusted comment. */
export function globalMessage(
  { bytes, trustedComment }: Pick<Signature, "bytes" | "trustedComment">,
): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(...bytes, ...toUtf8(trustedComment));
}

/** A key id as `minisign` prints it: the eight bytes are a little-endian number. */
export function keyIdOf(bytes: Uint8Array): string {
  return toHex(bytes.slice().reverse()).toUpperCase();
}

/** Whether the encoding names a point of small order, or is not the shortest one of its point (RFC 8032 5.1.3; T13). */
function isWeak(key: Uint8Array): boolean {
  const y = BigInt.asUintN(255, BigInt(`0x${keyIdOf(key)}`));
  return y >= PRIME || SMALL_ORDER.includes(y);
}

function parseBlock(lines: string[]): Signature {
  const [untrusted, packed, trusted, global] = lines as [string, string, string, string];
  if (!untrusted.startsWith(UNTRUSTED_COMMENT) || !trusted.startsWith(TRUSTED_COMMENT)) {
    throw new SyntaxError("a comment is missing");
  }
  const bytes = decode(packed, SIGNATURE_BYTES);
  if (bytes[0] !== ED || bytes[1] !== LOWER_D && bytes[1] !== UPPER_D) {
    throw new SyntaxError("a signature is neither Ed nor ED");
  }
  return {
    prehashed: bytes[1] === UPPER_D,
    keyId: keyIdOf(bytes.subarray(2, 10)),
    bytes: bytes.slice(10),
    trustedComment: trusted.slice(TRUSTED_COMMENT.length),
    globalBytes: decode(global, GLOBAL_SIGNATURE_BYTES),
  };
}

function decode(base64: string, length: number): Uint8Array<ArrayBuffer> {
  const bytes = fromBase64(base64);
  if (bytes?.length === length) return bytes;
  throw new SyntaxError(`a signature is not canonical base64 of ${length} bytes`);
}
