/**
 * From a verified download to the staged executable.
 *
 * @module
 */

import { type ByteSource, digestOf } from "../digest.ts";
import { isFileError, UpdateError } from "../errors.ts";
import type { Installation } from "../installation.ts";
import { UNSIZED_BYTES, UNSIZED_RATIO } from "../limits.ts";
import type { Asset } from "../manifest.ts";
import type { UpdatePhase } from "../progress.ts";
import { redactUrl } from "../redact.ts";
import { removeIfThere } from "../remove.ts";
import type { OpenFile, Runtime } from "../runtime/types.ts";
import { keepIdentity } from "./identity.ts";

/** What a staged executable is made of. */
export interface Staging {
  readonly asset: Asset;
  /** The program's name, where the manifest names it. */
  readonly app: string | undefined;
  /** Path of the verified download. */
  readonly download: string;
  /** Path of the executable to be made. */
  readonly path: string;
  readonly signal: AbortSignal | undefined;
  readonly report: (phase: UpdatePhase) => void;
}

/** What staging needs of a runtime. */
export type StageRuntime = Pick<Runtime, "fs" | "os" | "random" | "run">;

/** What was staged. */
interface Facts {
  readonly sha256: string;
  readonly size: number;
}

/**
 * Turns a verified download into the staged executable: verified, with the identity of the installed one, flushed. The
 * download is gone afterwards, come what may.
 *
 * @param runtime File system and processes.
 * @param installation Where the installed executable lies.
 * @param staging What is staged, and where.
 * @returns Digest and size of the executable.
 * @throws {UpdateError} `SIZE_MISMATCH`, `DIGEST_MISMATCH`, `ARCHIVE_INVALID`, `BINARY_NOT_FOUND`, `TOO_LARGE`,
 *   `PRIVILEGED_TARGET`.
 * @throws {FileError} When the executable cannot be written.
 */
export async function stage(
  runtime: StageRuntime,
  installation: Installation,
  staging: Staging,
): Promise<Facts> {
  const { asset, download, path, report } = staging;
  const isRaw = asset.format === "raw";
  try {
    if (!isRaw) report("extracting");
    const isMoved = isRaw && await moved(runtime, download, path);
    const file = await runtime.fs.open(
      path,
      isMoved ? { access: "append" } : { access: "create", mode: 0o700 },
    );
    try {
      const facts = isMoved
        ? await factsOf(file, staging)
        : await extract(runtime, file, installation, staging);
      requireBinary(asset, facts);
      await keepIdentity(runtime, installation, path);
      // Last, so that the permissions reach the disk too; a download has not been flushed before.
      await file.sync();
      return facts;
    } finally {
      file.close();
    }
  } finally {
    await removeIfThere(runtime.fs, download);
  }
}

/** Whether the file could be moved; across file systems it has to be copied. */
async function moved({ fs }: Pick<Runtime, "fs">, from: string, to: string): Promise<boolean> {
  try {
    await fs.rename(from, to);
    return true;
  } catch (error) {
    if (isFileError(error, "cross-device")) return false;
    throw error;
  }
}

async function factsOf(file: OpenFile, { signal }: Staging): Promise<Facts> {
  const { size } = await file.stat();
  return { size, sha256: await digestOf(byteSource(file, size), signal === undefined ? {} : { signal }) };
}

async function extract(
  runtime: StageRuntime,
  target: OpenFile,
  installation: Installation,
  { asset, app, download, signal }: Staging,
): Promise<Facts> {
  const { extractFile } = await import("../archive.ts");
  const { createDigest } = await import("../digest.ts");
  const name = app ?? installation.name.replace(/\.exe$/i, "");
  const source = await runtime.fs.open(download, { access: "read" });
  try {
    const archiveSize = (await source.stat()).size;
    const digest = await createDigest();
    let size = 0;
    const chunks = extractFile(byteSource(source, archiveSize), {
      format: asset.format,
      entry: asset.binary?.path ?? (runtime.os === "windows" ? `${name}.exe` : name),
      maxBytes: asset.binary?.size ?? Math.min(UNSIZED_BYTES, archiveSize * UNSIZED_RATIO),
      archive: redactUrl(asset.urls[0]!),
      ...(signal === undefined ? {} : { signal }),
    });
    for await (const chunk of chunks) {
      signal?.throwIfAborted();
      digest.update(chunk);
      target.append(chunk);
      size += chunk.length;
    }
    return { size, sha256: digest.hex() };
  } finally {
    source.close();
  }
}

function byteSource(file: OpenFile, size: number): ByteSource {
  return { size, readAt: file.readAt.bind(file) };
}

/** The signed manifest names the executable itself, so that the archive cannot smuggle in another one (T1, T5). */
function requireBinary({ binary, urls }: Asset, { sha256, size }: Facts): void {
  const source = redactUrl(urls[0]!);
  if (binary === undefined) return;
  if (size !== binary.size) {
    throw new UpdateError(
      "SIZE_MISMATCH",
      `Checksum verification failed: ${binary.path} in ${source} has ${size} bytes, expected ${binary.size}; ` +
        "tell the publisher",
      { expected: binary.size, actual: size, file: binary.path, source },
    );
  }
  if (sha256 !== binary.sha256) {
    throw new UpdateError(
      "DIGEST_MISMATCH",
      `Checksum verification failed: ${binary.path} in ${source} has SHA-256 ${sha256}, expected ` +
        `${binary.sha256}; tell the publisher`,
      { expected: binary.sha256, actual: sha256, file: binary.path, source },
    );
  }
}
