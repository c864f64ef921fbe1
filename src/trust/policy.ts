/**
 * The seam between the steps and whatever decides whom to trust.
 *
 * @module
 */

import type { TrustState } from "./state.ts";

/** Decides whether a document may be acted upon. The steps see this and nothing behind it. */
export interface TrustPolicy {
  /**
   * Decides about a manifest.
   *
   * @param manifest The manifest as it arrived.
   * @param context The circumstances.
   * @returns Who vouches for it, and the document to go on with.
   * @throws {UpdateError} `UNTRUSTED` with the reason, `MANIFEST_INVALID`, `TOO_LARGE`.
   */
  readonly verify: (manifest: SignedDocument, context: TrustContext) => Promise<TrustOutcome>;

  /**
   * Decides about any other file, such as `checksums.sha256` of a release that has no manifest. There is no protection
   * against replay or freezing, because such a file has neither a sequence nor an expiry.
   *
   * @param file The file as it arrived, and the `name` its signature must be for.
   * @param context The circumstances.
   * @returns Who vouches for it.
   * @throws {UpdateError} `UNTRUSTED` with the reason, `TOO_LARGE`.
   */
  readonly verifyFile: (
    file: SignedDocument & { readonly name: string },
    context: TrustContext,
  ) => Promise<Omit<TrustOutcome, "document">>;
}

/** Bytes and the signature file that came with them. */
export interface SignedBytes {
  /** The exact bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The signature file, or `undefined` when there is none. */
  readonly signature: Uint8Array<ArrayBuffer> | undefined;
}

/** Signed bytes and where they came from. */
export interface SignedDocument extends SignedBytes {
  /** The address for messages, without credentials and query. */
  readonly source: string;
}

/** The circumstances of a decision. */
export interface TrustContext {
  /** This moment, in milliseconds since the epoch: read once for the whole check. */
  readonly now: number;
  /** What earlier checks left behind, or `undefined` when there is nothing or nothing readable. */
  readonly state: TrustState | undefined;
  /** Fetches `<version>.root.json` with its signature; resolves with `undefined` when there is none, the normal case. */
  readonly fetchRoot: (version: number) => Promise<SignedBytes | undefined>;
  /** Fetches another signature that lies beside the document, such as `.asc`; resolves with `undefined` when there is none. */
  readonly fetchSignature?: (suffix: string) => Promise<Uint8Array<ArrayBuffer> | undefined>;
  /**
   * Keeps a state at once. Called when new roots hold, before the manifest is looked at, so that a key that was
   * withdrawn stays withdrawn even when the manifest is then refused.
   */
  readonly persist?: (state: TrustState) => Promise<void>;
}

/** A decision in favour of a document. */
export interface TrustOutcome {
  /** Who vouches for it. */
  readonly verdict: TrustVerdict;
  /** What to keep for the next check; `undefined` when there is nothing to keep. */
  readonly state: TrustState | undefined;
  /** The JSON value of the document, parsed only after its signature held. */
  readonly document: unknown;
}

/** Who vouches for a manifest. */
export interface TrustVerdict {
  /** Whether keys vouch for it. Without, a check may report it but nothing is installed unless that is allowed. */
  readonly signed: boolean;
  /** The ids of the keys that do, as `minisign` prints them. */
  readonly keyIds: readonly string[];
}
