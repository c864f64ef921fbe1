/**
 * What a manifest says that new keys are about to vouch for.
 *
 * Whoever had the stolen key may have left a manifest of their own in the folder: its publisher has to see what it is
 * before the new key makes it genuine (T11).
 *
 * @module
 */

import { fromUtf8, sha256 } from "../bytes.ts";
import type { ManifestDocument } from "../manifest_schema.ts";
import type { SignedBytes } from "../trust.ts";

/** A manifest in short, for the publisher to compare with what was published last. */
export interface SignedAnew {
  /** Its sequence. */
  readonly sequence: number;
  /** Each channel's version. */
  readonly channels: Readonly<Record<string, string>>;
  /** How many versions it has. */
  readonly versions: number;
  /** The SHA-256 digest of its bytes. */
  readonly sha256: string;
}

/** No publisher gets there: one change a second takes 142 million years. */
const HIGHEST = 2 ** 52;

/**
 * Whether a sequence leaves numbers for the manifests to come. One near the highest possible number is the work of
 * somebody who wants updates to end: clients take no lower one afterwards (T4).
 */
export function leavesRoom(sequence = 0): boolean {
  return sequence <= HIGHEST;
}

/**
 * Refuses to sign a manifest after which there can be no other (T4).
 *
 * @param document The manifest in the folder.
 * @param folder The folder's path.
 * @throws {RangeError} When its sequence leaves no room.
 */
export function requireRoom({ sequence }: ManifestDocument, folder: string): void {
  if (leavesRoom(sequence)) return;
  throw new RangeError(
    `Cannot sign the manifest of ${folder}: its sequence ${sequence} leaves no room for later ones, which is what ` +
      "a thief of the key would do; restore the last good version-manifest.json with its .minisig, then rotate the key",
  );
}

/** A manifest in short. */
export async function signedAnew({ bytes }: SignedBytes): Promise<SignedAnew> {
  const { sequence, latest, versions }: ManifestDocument = JSON.parse(fromUtf8(bytes));
  return {
    sequence: sequence ?? 0,
    channels: { ...latest },
    versions: Object.keys(versions).length,
    sha256: await sha256(bytes),
  };
}

/** The same as a line for people. */
export function signedAnewLine({ sequence, channels, versions, sha256 }: SignedAnew): string {
  const heads = Object.entries(channels).map(([channel, version]) => `${channel} ${version}`);
  const count = versions === 1 ? "1 version" : `${versions} versions`;
  return `signed anew: ${[`sequence ${sequence}`, ...heads, count, `SHA-256 ${sha256}`].join(", ")}`;
}
