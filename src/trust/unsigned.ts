/**
 * The policy of programs that take what the source says.
 *
 * @module
 */

import { MANIFEST_BYTES } from "../limits.ts";
import { field } from "./document.ts";
import { checkTimes, parseManifest, wrongApp } from "./manifest_rules.ts";
import type { TrustPolicy } from "./policy.ts";
import { requireSize } from "./quorum.ts";

/**
 * Trusts whoever controls the source: nobody vouches for what it says. For checks, and for programs that are built to
 * allow unsigned releases.
 *
 * @param options `app`: the program's name, which a manifest that names one must have.
 * @returns The policy. Its verdict is `signed: false`; what a manifest says about its time and program still counts.
 */
export function unsigned(options: { readonly app?: string | undefined } = {}): TrustPolicy {
  const verdict = { signed: false, keyIds: [] };
  return {
    verify: (manifest, { now, state }) =>
      Promise.resolve().then(() => {
        requireSize(manifest.bytes, MANIFEST_BYTES, "manifest", manifest.source);
        const document = parseManifest(manifest);
        const app = field(document, "app");
        if (options.app !== undefined && app !== undefined && app !== options.app) {
          throw wrongApp(manifest.source, app);
        }
        checkTimes(document, now, manifest.source, { required: false });
        return { verdict, state, document };
      }),
    verifyFile: (_file, { state }) => Promise.resolve({ verdict, state }),
  };
}
