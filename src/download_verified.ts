/**
 * Step 3: from an update to a verified executable beside the installed one.
 *
 * @module
 */

import type { Update } from "./check_for_update.ts";
import { openCooldown } from "./cooldown.ts";
import { requireRoomFor } from "./disk_space.ts";
import { removeTemporaries } from "./durable.ts";
import { UpdateError } from "./errors.ts";
import { besideName, type Installation } from "./installation.ts";
import { type Claim, claimInstallation } from "./journal.ts";
import { toUpdateError } from "./install_error.ts";
import { locateInstallation } from "./locate_installation.ts";
import { PARTIAL_AGE, UNSIZED_BYTES } from "./limits.ts";
import type {
  ExecutableOptions,
  ProgressOptions,
  SourceOptions,
  StepOptions,
  TrustOptions,
} from "./options.ts";
import { inFolder } from "./path.ts";
import { outcomeMemory } from "./probation_memory.ts";
import { requireReplaceable } from "./preflight.ts";
import type { Progress, UpdatePhase } from "./progress.ts";
import { removeIfThere } from "./remove.ts";
import { requireNotUpdated } from "./replace/checks.ts";
import { undoUnswapped } from "./replace/ending.ts";
import { fileDigest } from "./replace/file_digest.ts";
import { recoverInstallation } from "./replace/recovery.ts";
import { stage } from "./replace/stage.ts";
import { strategyFor } from "./replace/system.ts";
import { type Trial, tryOut } from "./replace/try_out.ts";
import { download } from "./resume.ts";
import { copyLocal } from "./resume_local.ts";
import { systemRuntime } from "./runtime/default.ts";
import type { Runtime } from "./runtime/types.ts";
import { githubTokens } from "./sources_reader.ts";
import { redeemIfFresh, type StagedUpdate, vouchFor } from "./staged_update.ts";
import { stateDirectoryOf } from "./state_directory.ts";

/** Options of {@link downloadVerified}. */
export interface DownloadVerifiedOptions
  extends StepOptions, SourceOptions, ExecutableOptions, ProgressOptions, Pick<TrustOptions, "app"> {
  /**
   * Whether an update from an unsigned manifest may be downloaded: whoever controls the source then decides what runs.
   * @default false
   */
  readonly allowUnsigned?: boolean | undefined;
}

/**
 * Downloads an update, verifies it, and leaves the new executable beside the installed one.
 *
 * The download continues where an interrupted one stopped, from another address where the first one fails. The file's
 * size and SHA-256 digest are checked before it is opened, and those of the executable inside, where the manifest names
 * them, as it is unpacked; nothing else of an archive is written anywhere. The result is flushed to disk and has the
 * permissions of the installed executable. Whether it runs is not tried here.
 *
 * From the start to the end of `atomicReplace` or `discard` no other process can update the same executable. An update
 * that an earlier process left in the middle is ended first.
 *
 * Permissions: network access to the asset; reading and writing the folder of the executable and the state folder.
 *
 * @param update What `checkForUpdate` has found.
 * @param options Which executable it is for, and how to reach the source.
 * @returns The staged update.
 * @throws {UpdateError} `UNTRUSTED`, `MANAGED_INSTALL`, `PRIVILEGED_TARGET`, `UNSAFE_DIRECTORY`,
 *   `UPDATE_IN_PROGRESS`, `NOT_WRITABLE`, `DISK_FULL`, `NETWORK`, `TIMEOUT`,
 *   `HTTP_STATUS`, `RATE_LIMITED`, `ADDRESS_REFUSED`, `TOO_LARGE`, `SIZE_MISMATCH`, `DIGEST_MISMATCH`,
 *   `ARCHIVE_INVALID`, `BINARY_NOT_FOUND`, `REPLACE_FAILED`. Nothing is left behind then, except a partial download in
 *   the state folder that the next try continues.
 */
export async function downloadVerified(
  update: Update,
  options: DownloadVerifiedOptions = {},
): Promise<StagedUpdate> {
  const { signal, allowUnsigned = false, onProgress } = options;
  signal?.throwIfAborted();
  if (!update.trust.signed && !allowUnsigned) throw unsignedUpdate(update);
  const runtime = options.runtime ?? systemRuntime();
  refuseExpired(update, runtime.now());
  const installation = await locateInstallation(runtime, options.executable);
  await prepare(runtime, installation, options);
  const staged = inFolder(installation.folder, besideName(runtime, installation, "new"));
  const claim = await claimFor(runtime, installation, update, staged);
  const report = (phase: UpdatePhase) =>
    onProgress?.({ phase, receivedBytes: 0, totalBytes: undefined, bytesPerSecond: 0 });
  try {
    const trial = await tryOut(runtime, installation);
    const file = await fetchAsset(runtime, installation, trial, update, options);
    report("verified");
    const { asset } = update;
    const app = update.app ?? options.app;
    const facts = await stage(runtime, installation, {
      asset,
      app,
      download: file,
      path: staged,
      signal,
      report,
    });
    return stagedUpdate(runtime, { update, path: staged, ...facts }, installation, claim);
  } catch (error) {
    await removeIfThere(runtime.fs, staged).catch(() => {});
    // What failed first is what the caller has to hear of; a record that stays is ended by `recover`.
    await claim.release().catch(() => {});
    throw toUpdateError(error);
  }
}

function unsignedUpdate({ source }: Update): UpdateError<"UNTRUSTED"> {
  return new UpdateError(
    "UNTRUSTED",
    `Signature verification failed: the manifest at ${source} is not signed; give the publisher's keys, or allow ` +
      "unsigned releases explicitly",
    { source, reason: "unsigned" },
  );
}

/** A check may be hours old by now: an update that was held back must not outlive its manifest (T3). */
function refuseExpired({ source, expires }: Update, now: number): void {
  if (expires === undefined || now < expires) return;
  throw new UpdateError(
    "UNTRUSTED",
    `Signature verification failed: the manifest at ${source} has expired; check again`,
    { source, reason: "expired" },
  );
}

/** Ends what an earlier process left, where this installation may be updated at all. */
async function prepare(
  runtime: Runtime,
  installation: Installation,
  options: DownloadVerifiedOptions,
): Promise<void> {
  try {
    await requireReplaceable(runtime, installation);
    const { probe } = options;
    const memory = outcomeMemory(runtime, installation, stateDirectoryOf(runtime, options));
    await recoverInstallation(runtime, strategyFor(runtime), installation, { probe, memory });
  } catch (error) {
    throw toUpdateError(error);
  }
}

/** Also answers "can we write here?" before anything is downloaded: the record is the first file that is written. */
async function claimFor(
  runtime: Runtime,
  installation: Installation,
  update: Update,
  staged: string,
): Promise<Claim> {
  try {
    const identity = (await runtime.fs.stat(installation.executable))?.identity;
    const sha256 = await fileDigest(runtime, installation.executable) ?? "0".repeat(64);
    const claim = await claimInstallation(runtime, installation, {
      from: { version: update.from, sha256 },
      to: { version: update.version, sha256: null },
      staged: staged.slice(installation.folder.length).replace(/^[/\\]/, ""),
    });
    try {
      const { binary, format, sha256: whole } = update.asset;
      const wanted = binary?.sha256 ?? (format === "raw" ? whole : undefined);
      await requireNotUpdated(runtime, installation, { identity, sha256, wanted });
    } catch (error) {
      await claim.release().catch(() => {});
      throw error;
    }
    return claim;
  } catch (error) {
    throw toUpdateError(error);
  }
}

/** The whole, verified file, kept in the state folder under the digest it must have. */
async function fetchAsset(
  runtime: Runtime,
  { folder: place }: Installation,
  { backupBytes }: Trial,
  { asset, source }: Update,
  options: DownloadVerifiedOptions,
): Promise<string> {
  const state = stateDirectoryOf(runtime, options);
  const folder = inFolder(state, "downloads");
  await runtime.fs.makeDirectory(folder, 0o700);
  await removeTemporaries(runtime, state);
  await removeOldPartials(runtime, folder, asset.sha256);
  const path = inFolder(folder, `${asset.sha256}.part`);
  const started = runtime.now();
  let first: number | undefined;
  const onProgress = (receivedBytes: number, totalBytes: number | undefined) => {
    first ??= receivedBytes;
    const seconds = (runtime.now() - started) / 1000;
    const bytesPerSecond = seconds > 0 ? (receivedBytes - first) / seconds : 0;
    options.onProgress?.({ phase: "downloading", receivedBytes, totalBytes, bytesPerSecond } as Progress);
  };
  await requireRoomFor(runtime.fs, { asset, download: path, folder: place, backupBytes });
  const maxBytes = asset.size ?? UNSIZED_BYTES;
  const request = { urls: [...asset.urls], path, size: asset.size, sha256: asset.sha256, maxBytes };
  const local = source.startsWith("file:") ? asset.urls.find((url) => url.startsWith("file:")) : undefined;
  const { signal, allowInsecure = false } = options;
  // Only a manifest on this machine may name a file on this machine.
  if (local !== undefined) await copyLocal(runtime, local, request, { signal, onProgress });
  else {
    const token = githubTokens(options.githubToken);
    const cooldown = openCooldown(runtime, state);
    await download(runtime, request, { signal, allowInsecure, onProgress, token, cooldown });
  }
  options.onProgress?.({ phase: "verifying", receivedBytes: 0, totalBytes: undefined, bytesPerSecond: 0 });
  return path;
}

/** Partial downloads of releases that were never finished do not stay for ever. */
async function removeOldPartials({ fs, now }: Runtime, folder: string, current: string): Promise<void> {
  for (const name of await fs.list(folder)) {
    if (name.startsWith(current)) continue;
    const path = inFolder(folder, name);
    const info = await fs.stat(path);
    if (info?.kind === "file" && now() - info.modifiedAt > PARTIAL_AGE) await fs.remove(path).catch(() => {});
  }
}

function stagedUpdate(
  runtime: Runtime,
  facts: Pick<StagedUpdate, "update" | "path" | "sha256" | "size">,
  installation: Installation,
  claim: Claim,
): StagedUpdate {
  const staged: StagedUpdate = {
    ...facts,
    executable: installation.executable,
    async discard() {
      if (redeemIfFresh(staged) === undefined) return;
      try {
        await undoUnswapped(runtime, installation, claim.record);
      } catch (error) {
        throw toUpdateError(error);
      }
    },
  };
  return vouchFor(staged, { installation, claim });
}
