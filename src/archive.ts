/**
 * One named file out of an archive whose digest has been verified.
 *
 * Nothing is ever unpacked: one entry is picked by its exact name and its bytes are handed on. Other entries' names,
 * links, devices and modes have no effect, whatever they are (T19, T25). The parsers are loaded on first use.
 *
 * @module
 */

import { ArchiveFault } from "./archive/fault.ts";
import { Wanted } from "./archive/wanted.ts";
import type { ArchiveFormat } from "./archive_format.ts";
import { type ByteSource, chunksOf } from "./digest.ts";
import { UpdateError } from "./errors.ts";
import { ARCHIVE_OTHER_BYTES } from "./limits.ts";
import { safeLine } from "./safe_text.ts";

export type { ByteSource } from "./digest.ts";

/** What {@link extractFile} needs to know. */
export interface ExtractOptions {
  /** How the file is packed. */
  readonly format: ArchiveFormat;
  /**
   * The file's full name in a `tar.gz` or `zip`, such as `app` or `app-v1/app`. A `./` before it makes no difference;
   * case does. The other formats hold one file and its name is not asked for.
   */
  readonly entry: string;
  /** More bytes than this are refused, whatever the archive declares (T21). */
  readonly maxBytes: number;
  /** What messages call the archive. */
  readonly archive: string;
  /** Ends the reading with its reason. */
  readonly signal?: AbortSignal;
}

/**
 * The bytes of one regular file in an archive, at the pace at which they are read.
 *
 * A defect may show only at the archive's end, so the bytes are good only once the loop has ended without an error; and
 * they are the publisher's only if the digest of the archive or of the result says so. Leaving the loop early releases
 * everything but the source, which is the caller's to close.
 *
 * @param source The archive. It must not change meanwhile.
 * @param options Which file, and how large it may be.
 * @returns Its bytes. Use each chunk before asking for the next one, which may overwrite it.
 * @throws {UpdateError} `ARCHIVE_INVALID` when the archive is damaged, truncated, ambiguous (two entries of the name,
 *   contradicting headers) or the entry is no regular file (T20); `BINARY_NOT_FOUND` when there is no such entry;
 *   `TOO_LARGE` when there are more bytes than `maxBytes`, or more than 1 GiB besides.
 * @throws {RangeError} When `entry` is empty or `maxBytes` is no number of bytes.
 */
export async function* extractFile(source: ByteSource, options: ExtractOptions): AsyncGenerator<Uint8Array> {
  const { entry, maxBytes, archive } = options;
  if (!(maxBytes >= 0)) throw new RangeError(`Cannot extract ${entry}: maxBytes is ${maxBytes}`);
  const wanted = new Wanted(entry);
  options.signal?.throwIfAborted();
  try {
    yield* capped(contentOf(source, wanted, options), maxBytes, () => tooLarge(entry, maxBytes, archive));
  } catch (error) {
    throw error instanceof ArchiveFault ? invalid(error, options) : error;
  }
  const isNamed = options.format === "tar.gz" || options.format === "zip";
  if (isNamed && !wanted.met) throw notFound(wanted.others, options);
}

async function* contentOf(
  source: ByteSource,
  wanted: Wanted,
  options: ExtractOptions,
): AsyncGenerator<Uint8Array> {
  switch (options.format) {
    case "tar.gz":
      return yield* tarGzContent(source, wanted, options);
    case "zip": {
      const { fileInZip } = await import("./archive/zip.ts");
      return yield* fileInZip(source, wanted, options);
    }
    case "gz":
    case "br": {
      const { inflate } = await import("./archive/inflate.ts");
      return yield* inflate(chunksOf(source, 0, options), options.format === "gz" ? "gzip" : "brotli");
    }
    case "raw":
      return yield* chunksOf(source, 0, options);
  }
}

async function* tarGzContent(
  source: ByteSource,
  wanted: Wanted,
  options: ExtractOptions,
): AsyncGenerator<Uint8Array> {
  const { inflate } = await import("./archive/inflate.ts");
  const { fileInTar } = await import("./archive/tar.ts");
  // What is not wanted has to be decompressed too; without a cap it could take for ever (T6, T21).
  const limit = options.maxBytes + ARCHIVE_OTHER_BYTES;
  const all = capped(
    inflate(chunksOf(source, 0, options), "gzip"),
    limit,
    () => tooLarge("everything", limit, options.archive),
  );
  yield* fileInTar(all, wanted);
}

async function* capped(
  chunks: AsyncIterable<Uint8Array>,
  limit: number,
  makeError: () => Error,
): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > limit) throw makeError();
    yield chunk;
  }
}

function tooLarge(what: string, limit: number, archive: string): UpdateError {
  const message =
    `Cannot extract ${safeLine(what)} from ${safeLine(archive)}: it has more than the ${limit} bytes that ` +
    "are allowed. Tell the publisher.";
  return new UpdateError("TOO_LARGE", message, { what: safeLine(what), limit, source: archive });
}

function invalid(fault: ArchiveFault, { archive, entry }: ExtractOptions): UpdateError {
  const message = `Cannot extract ${safeLine(entry)} from ${
    safeLine(archive)
  }: ${fault.message}. Tell the publisher.`;
  const cause = fault.cause ?? fault;
  return new UpdateError("ARCHIVE_INVALID", message, { archive, reason: fault.message }, { cause });
}

function notFound(found: string[], { archive, entry }: ExtractOptions): UpdateError {
  const holds = found.length === 0 ? "no files" : found.join(", ");
  const message = `Cannot find ${safeLine(entry)} in ${
    safeLine(archive)
  }: it holds ${holds}. Tell the publisher.`;
  return new UpdateError("BINARY_NOT_FOUND", message, { archive, entry, found });
}
