/**
 * Trust: who may say what the next version is. The protocol and its reasons are in `docs/trust.md`.
 *
 * @module
 */

import { CHECKSUMS_BYTES, MANIFEST_BYTES } from "./limits.ts";
import { field, isCount } from "./trust/document.ts";
import { checkSequence, checkTimes, describe, parseManifest, wrongApp } from "./trust/manifest_rules.ts";
import type {
  SignedDocument,
  TrustContext,
  TrustOutcome,
  TrustPolicy,
  TrustVerdict,
} from "./trust/policy.ts";
import { requireComment, requireQuorum, requireSize, type Vote } from "./trust/quorum.ts";
import { firstRoot, type FirstRootOptions, type Root } from "./trust/root.ts";
import { walkRoots } from "./trust/root_chain.ts";
import type { TrustState } from "./trust/state.ts";

export type {
  SignedBytes,
  SignedDocument,
  TrustContext,
  TrustOutcome,
  TrustPolicy,
  TrustVerdict,
} from "./trust/policy.ts";
export type { FirstRootOptions } from "./trust/root.ts";
export type { SeenManifest, TrustState } from "./trust/state.ts";
export { parseTrustState, serialiseTrustState } from "./trust/state.ts";
export { unsigned } from "./trust/unsigned.ts";

/** Whom {@link signedBy} trusts. */
export interface SignedByOptions extends FirstRootOptions {
  /** The lowest sequence accepted, whatever the state says: what the program's own manifest had (T2). 0 unless given. */
  readonly minimumSequence?: number | undefined;
}

/**
 * Trusts manifests that the publisher's keys have signed, and follows the publisher's key rotations.
 *
 * It guarantees that an accepted manifest is for this program, is signed by the threshold of the keys that are valid
 * now, is not older than one seen before, and has not expired. It does not guarantee that the publisher's own machine
 * is in good hands.
 *
 * @param options Whom to trust.
 * @returns The policy.
 * @throws {TypeError} When a key, the root or the name cannot be used.
 * @throws {RangeError} When the threshold or the minimum sequence is out of range.
 * @throws {SyntaxError} When the root is not JSON.
 *
 * @example One key
 * ```ts
 * import { signedBy } from "@cco/updater";
 * import assert from "node:assert/strict";
 *
 * const policy = signedBy({ app: "demo", keys: ["RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"] });
 * assert.equal(typeof policy.verify, "function");
 * ```
 */
export function signedBy(options: SignedByOptions): TrustPolicy {
  const first = firstRoot(options);
  const minimumSequence = options.minimumSequence ?? 0;
  if (!isCount(minimumSequence)) {
    throw new RangeError(`Cannot use the minimum sequence ${minimumSequence}`);
  }
  return {
    verify: (manifest, context) => verifyManifest(first, minimumSequence, manifest, context),
    verifyFile: (file, context) => verifyFile(first, file, context),
  };
}

/** The checks of `docs/trust.md`, in its order. Those after the last one here are the steps' own. */
async function verifyManifest(
  first: Root,
  minimumSequence: number,
  manifest: SignedDocument,
  context: TrustContext,
): Promise<TrustOutcome> {
  const { bytes, source } = manifest;
  // 1. One "now" for the whole check, so that no two rules see different times (T3).
  const { now } = context;
  // 2. to 4. The roots, the size, the signatures.
  const { root, votes, verdict, state } = await authenticate(
    first,
    manifest,
    "manifest",
    MANIFEST_BYTES,
    context,
  );
  // 5. Only now the bytes are parsed, once and strictly (T5, T14).
  const document = parseManifest(manifest);
  // 6. The same keys may sign for several programs (T9).
  const app = field(document, "app");
  if (app !== first.app) throw wrongApp(source, app);
  // 7. Nothing older than what was seen, nor something else under the same number (T2, T4, T8).
  const seen = await describe(document, bytes, root, source);
  checkSequence(seen, minimumSequence, state.manifest, source);
  // 8. Nothing expired and nothing from the future (T3).
  checkTimes(document, now, source, { required: true });
  // The signers saw in the comment what the document says (T12).
  const comment = `cco-manifest/1 ${app} seq=${seen.sequence} expires=${field(document, "expires")}`;
  requireComment(votes, comment, source);
  const { sha256, keys } = state.manifest ?? {};
  const isKnown = sha256 === seen.sha256 && keys === seen.keys;
  return { verdict, state: isKnown ? state : { ...state, manifest: seen }, document };
}

/** The same rules for a file that is no manifest; it has no sequence and no times to check. */
async function verifyFile(
  first: Root,
  file: SignedDocument & { readonly name: string },
  context: TrustContext,
): Promise<Omit<TrustOutcome, "document">> {
  const { votes, verdict, state } = await authenticate(first, file, "file", CHECKSUMS_BYTES, context);
  requireComment(votes, `cco-file/1 ${first.app} ${file.name}`, file.source);
  return { verdict, state };
}

async function authenticate(
  first: Root,
  document: SignedDocument,
  what: "manifest" | "file",
  limit: number,
  context: TrustContext,
): Promise<{ root: Root; votes: Vote[]; verdict: TrustVerdict; state: TrustState }> {
  // 2. Who may sign today: a leaked key was withdrawn by a newer root (T11).
  const { root, steps, changed } = await walkRoots(first, context, document.source);
  const { state = { rootVersion: 0, roots: steps, manifest: undefined } } = context;
  const isNew = changed || state.rootVersion < root.version;
  const after = isNew ? { ...state, rootVersion: root.version, roots: steps } : state;
  // What was withdrawn must not come back because the document is then refused (T11).
  if (changed) await context.persist?.(after);
  // 3. The caps hold here again, whoever did the reading (T6).
  requireSize(document.bytes, limit, what, document.source);
  // 4. Enough different keys over the exact bytes, before anything looks into them (T1, T8, T11, T12).
  const votes = await requireQuorum(document, root.manifest, `cco-${what}/1`, root.app);
  // A state without anything new is the very same object, so that a check does not write to the disk for nothing.
  return { root, votes, verdict: { signed: true, keyIds: votes.map(({ key }) => key.id) }, state: after };
}
