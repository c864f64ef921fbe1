/**
 * The publisher's side: release folders, keys, signatures, and the changes of a manifest over its life.
 *
 * @module
 */

export { add, type AddOptions, type NewRelease } from "./add.ts";
export type { Publication, PublishOptions } from "./change_manifest.ts";
export { init, type InitOptions, type NewReleaseFolder } from "./init.ts";
export { keygen, type KeygenOptions } from "./keygen.ts";
export { type Finding, lint, type LintOptions } from "./lint.ts";
export { promote, type PromoteOptions } from "./promote.ts";
export { readSecretKey, type ReadSecretKeyOptions, type SecretKeySource } from "./read_secret_key.ts";
export { refresh } from "./refresh.ts";
export { rollout, type RolloutOptions, type RolloutStep } from "./rollout.ts";
export { type RoleKeys, rotate, type RotateOptions, type Rotation } from "./rotate.ts";
export { sign, type SignedFile, type SignFileOptions } from "./sign.ts";
export {
  type Verified,
  type VerifiedFile,
  verify,
  verifyAssets,
  verifyExecutable,
  type VerifyOptions,
} from "./verify.ts";
export { yank, type YankOptions } from "./yank.ts";
export type { PublicKey } from "../minisign.ts";
export type { SecretKey } from "../minisign_secret.ts";
