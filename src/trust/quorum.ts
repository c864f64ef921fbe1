/**
 * Enough distinct keys over the exact bytes, for the right purpose.
 *
 * @module
 */

import { type UntrustedReason, UpdateError } from "../errors.ts";
import { SIGNATURE_BYTES } from "../limits.ts";
import { parseSignatures, type PublicKey, type Signature, verifySignature } from "../minisign.ts";
import type { SignedDocument } from "./policy.ts";

/** The keys that may sign something, and how many of them must. */
export interface Role {
  /** The keys, each once. */
  readonly keys: readonly PublicKey[];
  /** How many different ones must have signed; from 1 to the number of keys. */
  readonly threshold: number;
}

/** What a signature is for: the first word of its trusted comment. */
export type Purpose = "cco-manifest/1" | "cco-root/1" | "cco-file/1";

/** A signature that holds, and whose it is. */
export interface Vote {
  /** Whose. */
  readonly key: PublicKey;
  /** Its trusted comment. */
  readonly comment: string;
}

/**
 * Makes sure that enough distinct keys of a role have signed the exact bytes of a document.
 *
 * @param document The document and its signature file.
 * @param role Who may sign.
 * @param purpose What the signatures must be for.
 * @param app The program they must be for.
 * @returns The signatures that count, one per key.
 * @throws {UpdateError} `UNTRUSTED`, `TOO_LARGE`.
 */
export async function requireQuorum(
  document: SignedDocument,
  role: Role,
  purpose: Purpose,
  app: string,
): Promise<Vote[]> {
  const signatures = readSignatures(document);
  const votes = await validVotes(document.bytes, signatures, role.keys);
  const forPurpose = votes.filter(({ comment }) => comment.startsWith(`${purpose} `));
  const forApp = forPurpose.filter(({ comment }) => comment.startsWith(`${purpose} ${app} `));
  const counted = distinct(forApp);
  if (counted.length >= role.threshold) return counted;

  const { source } = document;
  // T12: a key that signs archives must not vouch for a manifest by that.
  if (forPurpose.length < votes.length) {
    throw untrusted(source, "wrong-purpose", `its signature is not for ${purpose}`);
  }
  // T9: nor a manifest of another program signed by the same key.
  if (forApp.length < forPurpose.length) {
    throw untrusted(source, "wrong-app", `its signature is not for ${app}`);
  }
  if (counted.length > 0) {
    throw untrusted(
      source,
      "threshold",
      `${counted.length} of ${role.threshold} required keys have signed it`,
    );
  }
  const known = signatures.some(({ keyId }) => role.keys.some(({ id }) => id === keyId));
  if (known) throw untrusted(source, "bad-signature", "its signature does not fit");
  const ids = signatures.map(({ keyId }) => keyId).join(", ");
  throw untrusted(source, "unknown-key", `it is signed by ${ids}, not by a trusted key`);
}

/**
 * Makes sure that every counted signature says of the document what the document says of itself.
 *
 * @param votes What {@link requireQuorum} returned.
 * @param comment The whole trusted comment that is required.
 * @param source Where the document came from.
 * @throws {UpdateError} `UNTRUSTED` with reason `wrong-purpose` (T12).
 */
export function requireComment(votes: readonly Vote[], comment: string, source: string): void {
  if (votes.every((vote) => vote.comment === comment)) return;
  throw untrusted(source, "wrong-purpose", `its trusted comment is not "${comment}"`);
}

/**
 * The error of a document that is not vouched for.
 *
 * @param source Where it came from.
 * @param reason Which check refused it.
 * @param problem What is wrong, as the middle of a sentence.
 * @param cause The error behind it, whose message is added.
 * @returns The error.
 */
export function untrusted(
  source: string,
  reason: UntrustedReason,
  problem: string,
  cause?: unknown,
): UpdateError<"UNTRUSTED"> {
  const why = cause instanceof Error ? ` (${cause.message})` : "";
  const message = `Cannot trust ${source}: ${problem}${why}; nothing was installed, tell its publisher`;
  return new UpdateError("UNTRUSTED", message, { source, reason }, { cause });
}

/**
 * Makes sure that bytes are not more than they may be (T6).
 *
 * @param bytes The bytes.
 * @param limit How many there may be.
 * @param what What they are, for the message.
 * @param source Where they came from.
 * @throws {UpdateError} `TOO_LARGE`.
 */
export function requireSize(bytes: Uint8Array, limit: number, what: string, source: string): void {
  if (bytes.length > limit) throw tooLarge(what, limit, "bytes", source);
}

/**
 * The error of something that is more than it may be.
 *
 * @param what What it is.
 * @param limit How much it may be.
 * @param unit In what the limit is counted.
 * @param source Where it came from.
 * @returns The error.
 */
export function tooLarge(
  what: string,
  limit: number,
  unit: string,
  source: string,
): UpdateError<"TOO_LARGE"> {
  const message = `Cannot use ${source}: its ${what} has more than ${limit} ${unit}; tell its publisher`;
  return new UpdateError("TOO_LARGE", message, { what, limit, source });
}

function readSignatures({ signature, source }: SignedDocument): Signature[] {
  if (signature === undefined) throw untrusted(source, "unsigned", "it has no signature");
  requireSize(signature, SIGNATURE_BYTES, "signature", source);
  try {
    return parseSignatures(signature);
  } catch (cause) {
    throw untrusted(source, "malformed-signature", "its signature is malformed", cause);
  }
}

/** The signatures that hold. Others are left out: during a rotation there are some by keys not known yet. */
async function validVotes(
  bytes: Uint8Array<ArrayBuffer>,
  signatures: readonly Signature[],
  keys: readonly PublicKey[],
): Promise<Vote[]> {
  const votes: Vote[] = [];
  for (const signature of signatures) {
    for (const key of keys.filter(({ id }) => id === signature.keyId)) {
      if (await verifySignature(bytes, signature, key)) {
        votes.push({ key, comment: signature.trustedComment });
      }
    }
  }
  return votes;
}

/** T11: a key that signed twice counts once. */
function distinct(votes: readonly Vote[]): Vote[] {
  return votes.filter((vote, index) => votes.findIndex(({ key }) => key === vote.key) === index);
}
