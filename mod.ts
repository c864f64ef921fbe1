/**
 * Self-update for standalone executables: programs made by `deno compile`, `bun build --compile` or Node SEA, or any
 * other binary.
 *
 * {@link selfUpdate} does everything; {@link checkForUpdate}, {@link downloadVerified}, {@link atomicReplace},
 * {@link rollback} and {@link recover} are its steps, each usable alone.
 *
 * @example Update the running program
 * ```ts ignore
 * import { selfUpdate } from "@cco/updater";
 *
 * const result = await selfUpdate({
 *   app: "app",
 *   currentVersion: "1.4.0",
 *   source: "https://example.com/version-manifest.json",
 *   keys: ["RWQ…"],
 * });
 * console.log(result.outcome);
 * ```
 *
 * @module
 */

export * from "./src/atomic_replace.ts";
export * from "./src/audit_trail.ts";
export * from "./src/background.ts";
export { checkForUpdate, explainUpdate } from "./src/check_for_update.ts";
export type { CheckForUpdateOptions, Explanation, Update } from "./src/check_for_update.ts";
export type { ArchiveFormat } from "./src/archive_format.ts";
export type { Choice, Verdict } from "./src/choose.ts";
export * from "./src/confirm_healthy.ts";
export * from "./src/download_verified.ts";
export * from "./src/errors.ts";
export * from "./src/fetch_manifest.ts";
export * from "./src/inspect_installation.ts";
export * from "./src/list_backups.ts";
export type { Asset, Manifest, Release, Rollout } from "./src/manifest.ts";
export type * from "./src/options.ts";
export type { ProbeOptions } from "./src/probe.ts";
export type * from "./src/progress.ts";
export * from "./src/recover.ts";
export type { RecoveryOutcome } from "./src/replace/recovery.ts";
export * from "./src/rollback.ts";
export { systemRuntime } from "./src/runtime/default.ts";
export { networkFetch } from "./src/runtime/network.ts";
export type { NetworkOptions } from "./src/runtime/network.ts";
export type * from "./src/runtime/types.ts";
export * from "./src/self_update.ts";
export type { StagedUpdate } from "./src/staged_update.ts";
export { targetName } from "./src/target.ts";
export type { Machine } from "./src/target.ts";
export { signedBy, unsigned } from "./src/trust.ts";
export type { FirstRootOptions } from "./src/trust/root.ts";
export type {
  SeenManifest,
  SignedByOptions,
  SignedBytes,
  SignedDocument,
  TrustContext,
  TrustOutcome,
  TrustPolicy,
  TrustState,
  TrustVerdict,
} from "./src/trust.ts";
export { compareVersions, inRange, isVersion } from "./src/version.ts";
