/**
 * minisign's key files: `minisign.pub` and `minisign.key`, plain or protected by a password. For publishers.
 *
 * @module
 */

import { blake2b } from "./blake2b.ts";
import { ascii, concatenate, fromBase64, toBase64 } from "./bytes.ts";
import { parsePublicKey, type PublicKey, UNTRUSTED_COMMENT } from "./minisign.ts";
import { keyFromSeed, type SecretKey } from "./minisign_secret.ts";

/** How dear it is to guess a password: scrypt's limits as `libsodium` counts them. */
export interface PasswordCost {
  /** Operations. */
  readonly operations: number;
  /** Bytes of memory. */
  readonly memory: number;
}

/** What `minisign` itself uses: about 1 GiB of memory and some seconds for each guess. */
export const MINISIGN_COST: PasswordCost = { operations: 33_554_432, memory: 1_073_741_824 };

/** A key file may not ask for more than four times what `minisign` does. */
const MAXIMUM_COST = 4 * MINISIGN_COST.memory;
const SECRET_BYTES = 158;
/** Where the encrypted part starts: after three algorithm names, the salt and the two limits. */
const SEALED_OFFSET = 54;
const SEALED_BYTES = 104;
/** What stands where the name of the password protection would. */
const PLAIN = "\0\0";

/**
 * The text of `minisign.pub`.
 *
 * @param key The public key.
 * @returns Two lines.
 */
export function publicKeyFile(key: PublicKey): string {
  return `${UNTRUSTED_COMMENT}minisign public key ${key.id}\n${key.text}\n`;
}

/**
 * The text of `minisign.key`.
 *
 * @param key The secret key.
 * @param options `protection`: the password, 32 random bytes of salt, and a cost, which is `minisign`'s unless given.
 *   Without a password, whoever can read the file can sign.
 * @returns Two lines.
 * @throws {Error} When this runtime cannot compute the password's key (Deno before 2.9).
 */
export async function secretKeyFile(
  key: SecretKey,
  options: { protection?: { password: string; salt: Uint8Array; cost?: PasswordCost } } = {},
): Promise<string> {
  const { protection } = options;
  const secret = concatenate(key.seed, key.publicKey.bytes);
  const id = idBytes(key.publicKey);
  let sealed = concatenate(id, secret, checksum(id, secret));
  let header = concatenate(ascii("Ed"), new Uint8Array(2), ascii("B2"), new Uint8Array(48));
  if (protection) {
    const { password, salt, cost = MINISIGN_COST } = protection;
    header = concatenate(ascii("EdScB2"), salt, littleEndian(cost.operations), littleEndian(cost.memory));
    sealed = xor(sealed, await stretch(password, salt, cost));
  }
  const kind = protection ? "minisign encrypted secret key" : "minisign secret key";
  return `${UNTRUSTED_COMMENT}${kind}\n${toBase64(concatenate(header, sealed))}\n`;
}

/**
 * Reads the text of a `minisign.pub`, or the key alone.
 *
 * @param text Two lines, or the one that starts with `RW`.
 * @returns The public key.
 * @throws {TypeError} When it is neither.
 */
export function parsePublicKeyFile(text: string): PublicKey {
  const lines = text.trim().split(/\r?\n/);
  return parsePublicKey(lines.length === 2 ? lines[1]! : lines[0]!);
}

/**
 * Reads the text of a `minisign.key`.
 *
 * @param text Its two lines.
 * @param options `password` for a protected one.
 * @returns The secret key.
 * @throws {TypeError} When it is no such file, or the password is wrong or missing. The message holds nothing secret.
 * @throws {Error} When this runtime cannot compute the password's key (Deno before 2.9).
 */
export async function parseSecretKeyFile(
  text: string,
  options: { password?: string | undefined } = {},
): Promise<SecretKey> {
  const packed = fromBase64(text.split("\n")[1]?.trim() ?? "");
  if (packed?.length !== SECRET_BYTES) {
    throw new TypeError("Cannot use the secret key: it is no minisign key file");
  }
  const name = (offset: number) => String.fromCharCode(...packed.subarray(offset, offset + 2));
  if (name(0) !== "Ed" || name(4) !== "B2") {
    throw new TypeError("Cannot use the secret key: unknown algorithm");
  }
  const sealed = await unseal(packed, name(2), options.password);
  const id = sealed.subarray(0, 8), secret = sealed.subarray(8, 72), sum = toBase64(sealed.subarray(72));
  // minisign writes zeros instead of a checksum into a plain key file.
  const known = [toBase64(checksum(id, secret)), ...name(2) === PLAIN ? [toBase64(new Uint8Array(32))] : []];
  const key = await keyFromSeed(id, secret.slice(0, 32));
  if (known.includes(sum) && toBase64(key.publicKey.bytes) === toBase64(secret.subarray(32))) return key;
  throw new TypeError("Cannot use the secret key: the password is wrong, or the file is damaged");
}

/**
 * Tells whether a secret key's file is protected by a password.
 *
 * @param text Its two lines.
 * @returns `false` also for a text that is no key.
 */
export function isProtected(text: string): boolean {
  const packed = fromBase64(text.split("\n")[1]?.trim() ?? "");
  return packed !== undefined && String.fromCharCode(...packed.subarray(2, 4)) === "Sc";
}

async function unseal(
  packed: Uint8Array,
  protection: string,
  password: string | undefined,
): Promise<Uint8Array> {
  const sealed = packed.subarray(SEALED_OFFSET);
  if (protection === PLAIN) return sealed;
  if (protection !== "Sc") throw new TypeError("Cannot use the secret key: unknown password protection");
  if (password === undefined) {
    throw new TypeError("Cannot use the secret key: it is protected, and no password was given");
  }
  const limits = new DataView(packed.buffer, packed.byteOffset + 38, 16);
  const cost = {
    operations: Number(limits.getBigUint64(0, true)),
    memory: Number(limits.getBigUint64(8, true)),
  };
  return xor(sealed, await stretch(password, packed.slice(6, 38), cost));
}

/** BLAKE2b-256 over algorithm, id and key: tells a wrong password. */
function checksum(id: Uint8Array, secret: Uint8Array): Uint8Array {
  return blake2b(concatenate(ascii("Ed"), id, secret), 32);
}

/** The password as a key as long as what it covers (RFC 7914, with `libsodium`'s reading of the two limits). */
async function stretch(password: string, salt: Uint8Array, cost: PasswordCost): Promise<Uint8Array> {
  const { N, r, p } = scryptParameters(cost);
  const { scryptSync } = await import("node:crypto");
  try {
    return new Uint8Array(scryptSync(password, salt, SEALED_BYTES, { N, r, p, maxmem: 2 * 128 * N * r * p }));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const advice = "use Deno 2.9 or newer, Node.js or Bun, or a key file without a password";
    throw new Error(`Cannot use a password-protected key in this runtime (${why}); ${advice}`, { cause });
  }
}

/** `libsodium` chooses scrypt's parameters so that both limits are used as far as possible, with r = 8. */
function scryptParameters({ operations, memory }: PasswordCost): { N: number; r: number; p: number } {
  if (memory > MAXIMUM_COST || operations > MAXIMUM_COST) {
    throw new TypeError("Cannot use the secret key: its password protection asks for too much memory");
  }
  const r = 8;
  const limit = Math.max(operations, 32_768);
  const bound = limit < memory / 32 ? limit / (4 * r) : memory / (128 * r);
  let N = 2;
  while (N <= bound / 2) N *= 2;
  const p = limit < memory / 32 ? 1 : Math.floor(Math.floor(limit / 4 / N) / r);
  return { N, r, p: Math.max(p, 1) };
}

function idBytes(key: PublicKey): Uint8Array {
  return fromBase64(key.text)!.subarray(2, 10);
}

function littleEndian(value: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(value), true);
  return new Uint8Array(view.buffer);
}

function xor(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(one, (byte, index) => byte ^ other[index]!);
}
