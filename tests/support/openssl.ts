/**
 * Ed25519 keys and signatures for openssl: what its files begin with, and what it is told to do with them.
 *
 * @module
 */

/** What stands before a public key in a SubjectPublicKeyInfo (RFC 8410 section 4). */
export const SPKI: Uint8Array = Uint8Array.of(0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0);
/** What stands before a secret key in PKCS #8 (RFC 8410 section 7). */
export const PKCS8: Uint8Array = Uint8Array.of(
  ...[0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20],
);

/** Has openssl verify the signature of a file, which is in the file `signature`, with a key that begins with {@link SPKI}. */
export function verifyingArguments(file: string, key: string): string[] {
  const given = ["-pubin", "-keyform", "DER", "-inkey", key];
  return ["pkeyutl", "-verify", ...given, "-rawin", "-in", file, "-sigfile", "signature"];
}

/** Has openssl sign a file with a key that begins with {@link PKCS8}, into the file `signature`. */
export function signingArguments(file: string, key: string): string[] {
  return ["pkeyutl", "-sign", "-keyform", "DER", "-inkey", key, "-rawin", "-in", file, "-out", "signature"];
}
