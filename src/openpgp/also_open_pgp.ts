import { type UntrustedReason, UpdateError } from "../errors.ts";
import type { SignedDocument, TrustContext, TrustPolicy } from "../trust.ts";
import { judge } from "./judge.ts";

/** Whom {@link alsoOpenPgp} asks for. */
export interface OpenPgpOptions {
  /** The publisher's public keys, armored: `-----BEGIN PGP PUBLIC KEY BLOCK-----`. One of them must have signed. */
  readonly keys: readonly string[];
}

/**
 * Asks for an OpenPGP signature besides what another policy asks for: `version-manifest.json.asc` beside the manifest,
 * `checksums.sha256.asc` in a release without one.
 *
 * It guarantees that nothing is accepted that the other policy would refuse, and that one of the keys has signed the
 * exact bytes with a signature that holds now. What an OpenPGP signature does not say (for which program, until when,
 * after which other one) only the other policy knows; with `unsigned` inside, nothing is installed either.
 *
 * Permissions: none of its own. It loads the package `openpgp` when the first signature is judged.
 *
 * @example With a minisign key and an OpenPGP key
 * ```ts
 * import { signedBy } from "@cco/updater";
 * import { alsoOpenPgp } from "@cco/updater/openpgp";
 * import assert from "node:assert/strict";
 *
 * const policy = signedBy({ app: "demo", keys: ["RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"] });
 * assert.throws(() => alsoOpenPgp(policy, { keys: [] }), TypeError);
 * ```
 *
 * @param policy The rules that hold in any case.
 * @param options Whose OpenPGP signature is asked for.
 * @returns The stricter policy, for the option `trust` of the steps.
 * @throws {TypeError} When there is no key, or one is not armored. What is in it is read at the first signature: a key
 *   that cannot be used then refuses everything.
 */
export function alsoOpenPgp(policy: TrustPolicy, { keys }: OpenPgpOptions): TrustPolicy {
  if (keys.length === 0) throw new TypeError("Cannot ask for OpenPGP signatures: there are no keys");
  if (!keys.every((key) => key.includes("-----BEGIN PGP PUBLIC KEY BLOCK-----"))) {
    throw new TypeError("Cannot ask for OpenPGP signatures: a key is not an armored public key");
  }
  return {
    verify: async (manifest, context) => {
      // First the other rules: this one never replaces them.
      const outcome = await policy.verify(manifest, context);
      await requireSignature(manifest, keys, context);
      return outcome;
    },
    verifyFile: async (file, context) => {
      const outcome = await policy.verifyFile(file, context);
      await requireSignature(file, keys, context);
      return outcome;
    },
  };
}

async function requireSignature(
  { bytes, source }: SignedDocument,
  keys: readonly string[],
  { now, fetchSignature }: TrustContext,
): Promise<void> {
  const armored = await fetchSignature?.(".asc");
  if (!armored) throw refused(source, "unsigned", "there is no signature file .asc beside it");
  const { reason, why, cause } = await judge(bytes, { armored, keys, now }) ?? {};
  if (reason !== undefined) throw refused(source, reason, why ?? "", cause);
}

function refused(
  source: string,
  reason: UntrustedReason,
  why: string,
  cause?: unknown,
): UpdateError<"UNTRUSTED"> {
  const message = `Cannot trust ${source} by OpenPGP: ${why}; nothing was installed, tell its publisher`;
  return new UpdateError("UNTRUSTED", message, { source, reason }, { cause });
}
