/**
 * A client's check against a source that serves whatever the test gives it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { isUpdateError, type UntrustedReason } from "../../src/errors.ts";
import type { SignedBytes, TrustOutcome, TrustPolicy, TrustState } from "../../src/trust.ts";
import { NOW } from "./signed_release.ts";

/** Where test manifests come from. */
export const SOURCE = "https://releases.example/version-manifest.json";

/** What the source serves and what the client brings along. */
export interface Visit {
  readonly manifest: SignedBytes;
  /** The roots after the compiled-in one, from version 2 on. */
  readonly roots?: readonly SignedBytes[];
  readonly state?: TrustState | undefined;
  readonly now?: number;
  readonly persist?: (state: TrustState) => Promise<void>;
}

/** Asks a policy about what a source serves. */
export async function visit(
  policy: TrustPolicy,
  { manifest, roots = [], state, now = NOW, persist }: Visit,
): Promise<TrustOutcome> {
  const fetchRoot = (version: number) => Promise.resolve(roots[version - 2]);
  const context = { now, state, fetchRoot, ...(persist ? { persist } : {}) };
  return await policy.verify({ ...manifest, source: SOURCE }, context);
}

/** Asserts that a promise is rejected as untrusted for a reason, with a message that a person can act on. */
export async function assertUntrusted(
  promise: Promise<unknown>,
  reason: UntrustedReason,
  message = /^Cannot trust .+; nothing was installed, tell its publisher$/,
): Promise<void> {
  await assert.rejects(promise, (error: unknown) => {
    assert.ok(isUpdateError(error) && error.code === "UNTRUSTED", String(error));
    assert.equal(error.details.reason, reason, error.message);
    assert.ok(error.details.source.endsWith(SOURCE));
    assert.match(error.message, message);
    return true;
  });
}
