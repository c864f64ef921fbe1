/**
 * The seam to the package `openpgp`: a detached signature by one of some keys.
 *
 * @module
 */

import { fromUtf8 } from "../bytes.ts";
import type { UntrustedReason } from "../errors.ts";

/** Why a signature does not count. */
export interface Objection {
  /** Which check refused. */
  readonly reason: UntrustedReason;
  /** The same for a person. */
  readonly why: string;
  /** What the package said. */
  readonly cause?: unknown;
}

/**
 * Judges a signature.
 *
 * @param bytes What is signed.
 * @param options The armored signature, the armored public keys, and the moment in milliseconds since the epoch: a key
 *   or signature that has expired by then, or is of a later time, counts as none.
 * @returns `undefined` when one of the keys has signed the bytes, else what there is to object.
 * @throws {TypeError} When a key cannot be used.
 */
export async function judge(
  bytes: Uint8Array<ArrayBuffer>,
  options: { readonly armored: Uint8Array; readonly keys: readonly string[]; readonly now: number },
): Promise<Objection | undefined> {
  const { createMessage, readSignature, verify } = await import("openpgp");
  const verificationKeys = await readKeys(options.keys);
  let signature;
  try {
    signature = await readSignature({ armoredSignature: fromUtf8(options.armored) });
  } catch (cause) {
    return { reason: "malformed-signature", why: "its signature is malformed", cause };
  }
  const message = await createMessage({ binary: bytes });
  const date = new Date(options.now);
  const { signatures } = await verify({ message, signature, verificationKeys, date });
  let objection: Objection = { reason: "unknown-key", why: "it is not signed by a trusted key" };
  for (const { keyID, verified } of signatures) {
    const key = verificationKeys.find((key) => key.getKeyIDs().some((id) => id.equals(keyID)));
    if (key === undefined) continue;
    try {
      await verified;
      // The package asks only whether the key was good when the signature says it was made, which a thief can choose.
      await key.getSigningKey(keyID, date);
      return undefined;
    } catch (cause) {
      objection = { reason: "bad-signature", why: "its signature does not fit, or no longer holds", cause };
    }
  }
  return objection;
}

async function readKeys(armored: readonly string[]) {
  const { readKeys } = await import("openpgp");
  try {
    return (await Promise.all(armored.map((armoredKeys) => readKeys({ armoredKeys })))).flat();
  } catch (cause) {
    throw new TypeError("Cannot ask for OpenPGP signatures: a key cannot be read", { cause });
  }
}
