/**
 * What a check for updates needs of the library, for `cco` itself: with `mod.ts` it would also load downloading,
 * replacing and recovering, which a check does not do, and take 5 ms longer.
 *
 * @module
 */

export { explainUpdate } from "./src/check_for_update.ts";
export { isUpdateError } from "./src/errors.ts";
export { fetchManifest } from "./src/fetch_manifest.ts";
export { networkFetch } from "./src/runtime/network.ts";
export { compareVersions } from "./src/version.ts";
