/**
 * A release in a folder on this machine: for closed networks, USB sticks and network drives.
 *
 * @module
 */

import { chunksOf, createDigest } from "./digest.ts";
import { isFileError, UpdateError } from "./errors.ts";
import { pathOfSource } from "./path.ts";
import { removeIfThere } from "./remove.ts";
import type { Downloaded, DownloadOptions, DownloadRequest } from "./resume.ts";
import { digestMismatch, downloadTooLarge, fileFailure, sizeMismatch } from "./resume_errors.ts";
import type { OpenFile, Runtime } from "./runtime/types.ts";

/**
 * Copies a file, as `download` would fetch it. Nothing is kept of a copy that fails: it costs nothing to begin again.
 *
 * @param runtime File system.
 * @param url Its `file:` address.
 * @param request Where to, and what it must be; its `urls` are not looked at.
 * @param options Signal and progress.
 * @returns The complete file.
 * @throws {UpdateError} `HTTP_STATUS` with 404 when there is none; `NETWORK` when it cannot be read; `DIGEST_MISMATCH`,
 *   `SIZE_MISMATCH`, `TOO_LARGE`, `DISK_FULL`, `NOT_WRITABLE`.
 */
export async function copyLocal(
  runtime: Pick<Runtime, "fs" | "os">,
  url: string,
  request: Omit<DownloadRequest, "urls">,
  options: Pick<DownloadOptions, "signal" | "onProgress"> = {},
): Promise<Downloaded> {
  const { fs } = runtime;
  const { path } = request;
  const source = await openLocal(runtime, url);
  try {
    await removeIfThere(fs, path);
    const target = await fs.open(path, { access: "create", mode: 0o600 });
    try {
      return await copy(source, target, url, request, options);
    } finally {
      target.close();
    }
  } catch (error) {
    await removeIfThere(fs, path).catch(() => {});
    throw await fileFailure(fs, path, request.size, error);
  } finally {
    source.close();
  }
}

async function openLocal({ fs, os }: Pick<Runtime, "fs" | "os">, url: string): Promise<OpenFile> {
  const path = pathOfSource(url, os);
  try {
    return await fs.open(path, { access: "read" });
  } catch (cause) {
    if (isFileError(cause, "absent")) {
      const message = `Cannot find ${path}: there is no such file; copy the whole release`;
      throw new UpdateError("HTTP_STATUS", message, { url, status: 404 }, { cause });
    }
    if (!isFileError(cause)) throw cause;
    throw new UpdateError("NETWORK", `Cannot read ${path}: ${cause.message}`, { url, attempts: 1 }, {
      cause,
    });
  }
}

async function copy(
  source: OpenFile,
  target: OpenFile,
  url: string,
  { path, size: expected, sha256, maxBytes }: Omit<DownloadRequest, "urls">,
  { signal, onProgress }: Pick<DownloadOptions, "signal" | "onProgress">,
): Promise<Downloaded> {
  const digest = await createDigest();
  let size = 0;
  onProgress?.(0, expected);
  for await (const chunk of chunksOf(source, 0, signal === undefined ? {} : { signal })) {
    size += chunk.length;
    if (expected !== undefined && size > expected) throw sizeMismatch(url, path, expected, size);
    if (size > maxBytes) throw downloadTooLarge(url, maxBytes);
    digest.update(chunk);
    target.append(chunk);
    onProgress?.(size, expected);
  }
  if (expected !== undefined && size !== expected) throw sizeMismatch(url, path, expected, size);
  const actual = digest.hex();
  if (sha256 !== undefined && actual !== sha256) throw digestMismatch(url, path, sha256, actual);
  return { sha256: actual, size, source: url, transferredBytes: size };
}
