/**
 * Trust: who may say what the next version is. The protocol and its reasons are in `docs/trust.md`.
 *
 * @module
 */

import { CHECKSUMS_BYTES, MANIFEST_BYTES } from "./limits.ts";
import { field } from "./trust/document.ts";
import {
  checkSequence,
  checkTimes,
  describe,
  isSequence,
  parseManifest,
  wrongApp,
} from "./trust/manifest_rules.ts";
import type { SignedDocument, TrustContext, TrustOutcome, TrustPolicy } from "./trust/policy.ts";
import { requireComment, requireQuorum, requireSize } from "./trust/quorum.ts";
import { firstRoot, type FirstRootOptions, type Root } from "./trust/root.ts";
import { type RootChain, walkRoots } from "./trust/root_chain.ts";
import type { SeenManifest, TrustState } from "./trust/state.ts";

export type {
  SignedBytes,
  SignedDocument,
  TrustContext,
  TrustOutcome,
  TrustPolicy,
  TrustVerdict,
} from "./trust/policy.ts";
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
  if (!isSequence(minimumSequence)) {
    throw new RangeError(`Cannot use the minimum sequence: current value is ${minimumSequence}`);
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
  // 2. Who may sign today: a leaked key was withdrawn by a newer root (T11).
  const chain = await walkRoots(first, context, source);
  await keepNewRoots(chain, context);
  // 3. The caps hold here again, whoever did the reading (T6).
  requireSize(bytes, MANIFEST_BYTES, "manifest", source);
  // 4. Enough different keys over the exact bytes, before anything looks into them (T1, T8, T11, T12).
  const { app, manifest: role } = chain.root;
  const votes = await requireQuorum(manifest, role, { kind: "cco-manifest/1", app });
  // 5. Only now they are parsed, once and strictly (T5, T14).
  const document = parseManifest(manifest);
  // 6. The same keys may sign for several programs (T9).
  if (field(document, "app") !== app) throw wrongApp(manifest, field(document, "app"));
  // 7. Nothing older than what was seen, nor something else under the same number (T2, T4, T8).
  const seen = await describe(document, bytes, chain.root, source);
  checkSequence(seen, minimumSequence, context.state?.manifest, source);
  // 8. Nothing expired and nothing from the future (T3).
  checkTimes(document, now, source, { required: true });
  // The signers saw in the comment what the document says (T12).
  const comment = `cco-manifest/1 ${app} seq=${seen.sequence} expires=${field(document, "expires")}`;
  requireComment(votes, comment, source);
  const verdict = { signed: true, keyIds: votes.map(({ key }) => key.id) };
  return { verdict, state: stateAfter(chain, context, seen), document };
}

/** The same rules for a file that is no manifest; it has no sequence and no times to check. */
async function verifyFile(
  first: Root,
  file: SignedDocument & { readonly name: string },
  context: TrustContext,
): Promise<Omit<TrustOutcome, "document">> {
  const chain = await walkRoots(first, context, file.source);
  await keepNewRoots(chain, context);
  requireSize(file.bytes, CHECKSUMS_BYTES, "file", file.source);
  const { app, manifest: role } = chain.root;
  const votes = await requireQuorum(file, role, { kind: "cco-file/1", app });
  requireComment(votes, `cco-file/1 ${app} ${file.name}`, file.source);
  const verdict = { signed: true, keyIds: votes.map(({ key }) => key.id) };
  return { verdict, state: stateAfter(chain, context, context.state?.manifest) };
}

/** New roots are kept before the manifest is judged: a withdrawn key must not come back by a refused manifest (T11). */
async function keepNewRoots(chain: RootChain, context: TrustContext): Promise<void> {
  if (chain.changed) await context.persist?.(stateAfter(chain, context, context.state?.manifest));
}

function stateAfter(chain: RootChain, context: TrustContext, manifest: SeenManifest | undefined): TrustState {
  const rootVersion = Math.max(chain.root.version, context.state?.rootVersion ?? 0);
  return { rootVersion, roots: chain.steps, manifest };
}
