/**
 * A staged update: what `downloadVerified` leaves behind and `atomicReplace` takes.
 *
 * @module
 */

import type { Update } from "./check_for_update.ts";
import type { Installation } from "./installation.ts";
import type { Claim } from "./journal.ts";

/** The new executable, verified and flushed, beside the one it is to replace. Only `downloadVerified` makes one. */
export interface StagedUpdate {
  /** What was downloaded. */
  readonly update: Update;
  /** Path of the new executable. */
  readonly path: string;
  /** Its SHA-256 digest. */
  readonly sha256: string;
  /** Its size in bytes. */
  readonly size: number;
  /** Path of the executable it is to replace, links resolved. */
  readonly executable: string;
  /** Removes it and lets other processes update again. Does nothing after `atomicReplace`. */
  discard(): Promise<void>;
}

/** What belongs to a staged update and is nobody else's business. */
export interface Staging {
  readonly installation: Installation;
  readonly claim: Claim;
}

const genuine = new WeakMap<StagedUpdate, Staging>();

/**
 * Vouches for a staged update. Only `downloadVerified` calls it, after every check has passed.
 *
 * @param staged The staged update.
 * @param staging What belongs to it.
 * @returns The same, frozen.
 */
export function vouchFor(staged: StagedUpdate, staging: Staging): StagedUpdate {
  genuine.set(Object.freeze(staged), staging);
  return staged;
}

/**
 * What belongs to a staged update; it can be used once.
 *
 * @param staged A staged update.
 * @returns What belongs to it.
 * @throws {TypeError} When it is not from `downloadVerified`, or was used or discarded before.
 */
export function redeem(staged: StagedUpdate): Staging {
  const staging = genuine.get(staged);
  if (staging === undefined) {
    throw new TypeError(
      "Cannot replace with this update: current value is not a fresh result of downloadVerified",
    );
  }
  genuine.delete(staged);
  return staging;
}

/** As {@link redeem}, but `undefined` where there is nothing to redeem. */
export function redeemIfFresh(staged: StagedUpdate): Staging | undefined {
  return genuine.has(staged) ? redeem(staged) : undefined;
}
