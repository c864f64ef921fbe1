/**
 * A release where clients find it: at an address.
 *
 * @module
 */

import { fetchManifest, type Manifest, signedBy, systemRuntime, type TrustContext } from "../../mod.ts";
import { fromUtf8 } from "../bytes.ts";
import type { TrustPolicy } from "../trust.ts";
import { rootName } from "./release_folder.ts";
import type { VerifyOptions } from "./verify.ts";

/** What a client found. */
export interface ServedRelease {
  /** The manifest. */
  readonly manifest: Manifest;
  /** The number of the newest root. */
  readonly root: number;
}

/** Whether a text is an address and not a path. */
export function isAddress(place: string): boolean {
  return /^(?:https?|file|github):/i.test(place);
}

/**
 * Fetches a manifest as a client does that has the first root compiled in and has seen nothing yet.
 *
 * @param address The manifest's address, or `github:owner/repo`.
 * @param options The first root, the machine, and a token for GitHub.
 * @returns What the client found.
 * @throws {UpdateError} What the client would say.
 * @throws {TypeError} When the root cannot be used, or none is given and none is served.
 */
export async function fetchRelease(
  address: string,
  { root, githubToken, signal, runtime = systemRuntime() }: VerifyOptions,
): Promise<ServedRelease> {
  const { policy, newest } = followingRoots(address, root);
  const { mkdtemp, rm } = await import("node:fs/promises");
  const { tmpdir } = await import("node:os");
  const { join } = await import("node:path");
  const stateDirectory = await mkdtemp(join(tmpdir(), "release-"));
  try {
    const options = { trust: policy, runtime, signal, githubToken, stateDirectory };
    return { manifest: await fetchManifest(address, options), root: newest() };
  } finally {
    await rm(stateDirectory, { recursive: true });
  }
}

/** The client's rules; without a root the served one, and then all that shows is that what is served agrees with itself. */
function followingRoots(
  address: string,
  root: string | undefined,
): { policy: TrustPolicy; newest: () => number } {
  let version = 1;
  const rules = async (context: TrustContext): Promise<TrustPolicy> => {
    const first = root ?? await servedRoot(address, context);
    return signedBy({ app: JSON.parse(first).app, root: first });
  };
  const policy: TrustPolicy = {
    verify: async (manifest, context) => {
      const outcome = await (await rules(context)).verify(manifest, context);
      version = outcome.state?.rootVersion ?? version;
      return outcome;
    },
    verifyFile: async (file, context) => await (await rules(context)).verifyFile(file, context),
  };
  return { policy, newest: () => version };
}

async function servedRoot(address: string, { fetchRoot }: TrustContext): Promise<string> {
  const first = await fetchRoot(1);
  if (first) return fromUtf8(first.bytes);
  throw new TypeError(
    `Cannot verify ${address}: there is no ${rootName(1)} beside it; give the one that clients have built in`,
  );
}
