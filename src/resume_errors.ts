/**
 * What can go wrong in a download, in the words of what the user can do about it.
 *
 * @module
 */

import { isFileError, UpdateError } from "./errors.ts";
import { folderOf } from "./path.ts";
import { redactUrl } from "./redact.ts";
import type { DownloadRequest } from "./resume_request.ts";
import type { FileSystem } from "./runtime/types.ts";

/** Other bytes than the published ones came from `url`. */
export function digestMismatch(
  url: string,
  file: string,
  expected: string,
  actual: string,
): UpdateError<"DIGEST_MISMATCH"> {
  const source = redactUrl(url);
  const message = `The file from ${source} is not the published one: its SHA-256 is ${actual}, expected ` +
    `${expected}; it was removed, try again and then tell the publisher`;
  return new UpdateError("DIGEST_MISMATCH", message, { expected, actual, file, source });
}

/** More or fewer bytes than the published ones are at `url`. */
export function sizeMismatch(
  url: string,
  file: string,
  expected: number,
  actual: number,
): UpdateError<"SIZE_MISMATCH"> {
  const source = redactUrl(url);
  const message = `The file from ${source} is not the published one: it has ${actual} bytes` +
    `${actual > expected ? " or more" : ""}, expected ${expected}; tell the publisher`;
  return new UpdateError("SIZE_MISMATCH", message, { expected, actual, file, source });
}

/** Refuses a whole file that is said to be longer or shorter than the published one, or too long. */
export function requireTotal(
  url: string,
  { size, maxBytes, path }: Pick<DownloadRequest, "size" | "maxBytes" | "path">,
  total: number | undefined,
): void {
  if (total === undefined) return;
  if (size !== undefined && total !== size) throw sizeMismatch(url, path, size, total);
  if (total > maxBytes) throw downloadTooLarge(url, maxBytes);
}

/** What comes from `url` is compressed for the way, so that neither its length nor its ranges are those of the file. */
export function encodedDownload(url: string, encoding: string, attempts: number): UpdateError<"NETWORK"> {
  const source = redactUrl(url);
  const shown = /^[\w, -]{1,40}$/.test(encoding) ? ` (Content-Encoding: ${encoding})` : "";
  const message =
    `Cannot download ${source}: the server sends it compressed${shown} although asked not to; ` +
    "tell the publisher to serve the file as it is";
  return new UpdateError("NETWORK", message, { url: source, attempts });
}

/** More than `limit` bytes are at `url` (T6). */
export function downloadTooLarge(url: string, limit: number): UpdateError<"TOO_LARGE"> {
  const source = redactUrl(url);
  const message = `Cannot download ${source}: it is larger than ${limit} bytes`;
  return new UpdateError("TOO_LARGE", message, { what: "download", limit, source });
}

/** The body ended, without an error, before its announced end. */
export function endedEarly(
  url: string,
  size: number,
  total: number,
  attempts: number,
): UpdateError<"NETWORK"> {
  const shown = redactUrl(url);
  const message = `Cannot fetch ${shown}: the connection ended after ${size} of ${total} bytes`;
  return new UpdateError("NETWORK", message, { url: shown, attempts });
}

/**
 * A full disk or a folder that cannot be written to; other errors stay as they are.
 *
 * @param fs The file system, asked for the room that is left.
 * @param path The partial file.
 * @param size How many bytes were to be written there.
 * @param error What was thrown.
 */
export async function fileFailure(
  fs: FileSystem,
  path: string,
  size: number | undefined,
  error: unknown,
): Promise<unknown> {
  if (!isFileError(error, "full", "denied", "read-only")) return error;
  const folder = folderOf(path);
  if (error.kind !== "full") {
    const why = error.kind === "denied" ? "permission is missing" : "it is read-only";
    const message = `Cannot write to ${folder}: ${why}`;
    return new UpdateError("NOT_WRITABLE", message, { path: folder }, { cause: error });
  }
  const available = await fs.freeSpace(folder).catch(() => undefined);
  const message =
    `Cannot download to ${folder}: the disk is full; ${size ?? "an unknown number of"} bytes are ` +
    `needed, ${available ?? "an unknown number of"} are free`;
  return new UpdateError("DISK_FULL", message, { path: folder, needed: size, available }, { cause: error });
}
