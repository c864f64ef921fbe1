/**
 * The publisher's side: release folders, keys, signatures, and the changes of a manifest over its life.
 *
 * Every function checks its result as a client does before it writes anything, and has a dry run. Secret keys come from
 * {@link readSecretKey} only.
 *
 * @example From a new folder to a version on a channel
 * ```ts
 * import { add, init, keygen, promote, readSecretKey, verify } from "@cco/updater/publish";
 * import assert from "node:assert/strict";
 * import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 *
 * const desk = await realpath(await mkdtemp(join(tmpdir(), "desk-")));
 * await keygen(join(desk, "root.key"));
 * await keygen(join(desk, "release.key"));
 * const rootKeys = [await readSecretKey({ file: join(desk, "root.key") })];
 * const keys = [await readSecretKey({ file: join(desk, "release.key") })];
 *
 * const folder = join(desk, "releases");
 * const { root } = await init(folder, { app: "demo", rootKeys, manifestKeys: keys });
 * assert.equal(JSON.parse(root).version, 1); // compile this into the program
 *
 * const from = join(desk, "build");
 * await mkdir(from);
 * await writeFile(join(from, "demo-v1.0.0-windows-x86_64.exe"), "an executable");
 * await add(folder, { keys, version: "1.0.0", from, url: "https://example.com/" });
 * const { changes } = await promote(folder, { keys, version: "1.0.0", channel: "stable" });
 * assert.deepEqual(changes, ["stable: (new) → 1.0.0"]);
 * assert.equal((await verify(folder)).sequence, 3);
 * await rm(desk, { recursive: true });
 * ```
 *
 * @module
 */

export { add, type AddOptions, type NewRelease } from "./add.ts";
export type { Publication, PublishOptions } from "./change_manifest.ts";
export { init, type InitOptions, type NewReleaseFolder } from "./init.ts";
export { keygen, type KeygenOptions } from "./keygen.ts";
export { generateKey } from "../minisign_secret.ts";
export { type Finding, lint, type LintOptions } from "./lint.ts";
export { promote, type PromoteOptions } from "./promote.ts";
export { readSecretKey, type ReadSecretKeyOptions, type SecretKeySource } from "./read_secret_key.ts";
export { refresh } from "./refresh.ts";
export { rollout, type RolloutOptions, type RolloutStep } from "./rollout.ts";
export { type RoleKeys, rotate, type RotateOptions, type Rotation } from "./rotate.ts";
export type { SignedAnew } from "./signed_anew.ts";
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
export type {
  Fetch,
  FileInfo,
  FileSystem,
  OpenFile,
  OpenMode,
  OperatingSystem,
  RunOptions,
  RunResult,
  Runtime,
} from "../../machine.ts";
