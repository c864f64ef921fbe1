/**
 * Decompression as the bytes come.
 *
 * `node:zlib` and not `DecompressionStream`, because the latter gives four answers on four runtimes (measured): Deno's
 * takes a truncated `deflate-raw` for a whole one and refuses a gzip file of two members, which RFC 1952 allows; Node's
 * ignores bytes after the end of `deflate-raw`; Node 20 has no brotli. `node:zlib` agrees with itself everywhere but
 * for brotli, see {@link END_OF_BROTLI} and {@link refuseLargeWindow}. It is also 1.2 to 1.5 times as fast.
 *
 * @module
 */

import type { BrotliDecompress, Gunzip, InflateRaw } from "node:zlib";
import { INFLATE_CHUNK_BYTES } from "../limits.ts";
import { ArchiveFault } from "./fault.ts";

/** What can be decompressed: RFC 1952, RFC 1951, RFC 7932. */
export type Compression = "gzip" | "deflate-raw" | "brotli";

type Inflater = Gunzip | InflateRaw | BrotliDecompress;

/**
 * A byte after the last one. Deno takes truncated brotli for whole; but a decoder that still wants input takes this
 * byte too, and is found out by how much it took.
 */
const END_OF_BROTLI = new Uint8Array(1);

/**
 * Decompresses, at the pace at which the result is read. Leaving the loop early releases everything, also `compressed`.
 *
 * A gzip file may have several members, and zeros after the last (as `gzip` itself accepts); checksums and lengths are
 * verified. Of the other two, every byte must belong to the one compressed stream.
 *
 * @param compressed The bytes; each chunk may be overwritten by the next one.
 * @param compression How they are compressed.
 * @throws {ArchiveFault} When they are damaged, truncated, or followed by others. A failure of `compressed` is passed on.
 */
export async function* inflate(
  compressed: AsyncIterable<Uint8Array>,
  compression: Compression,
): AsyncGenerator<Uint8Array> {
  const inflater = await createInflater(compression);
  const damage: unknown[] = [];
  // Without a listener an error would also end the process, and not every runtime's loop reports all of them.
  inflater.on("error", (error) => damage.push(error));
  const input = new Input(compressed, compression);
  const feeding = input.feed(inflater);
  try {
    for await (const chunk of inflater as AsyncIterable<Uint8Array>) {
      yield new Uint8Array(chunk.buffer as ArrayBuffer, chunk.byteOffset, chunk.byteLength);
    }
  } catch (error) {
    damage.push(error);
  } finally {
    inflater.destroy();
    await feeding;
  }
  if (input.failure !== undefined) throw input.failure.reason;
  if (damage.length > 0) {
    throw new ArchiveFault(`its ${compression} data is damaged or truncated`, { cause: damage[0] });
  }
  // The gzip format says itself where it ends, and what may follow.
  if (compression !== "gzip" && inflater.bytesWritten !== input.size) {
    throw new ArchiveFault(`its ${compression} data is truncated, or followed by other bytes`);
  }
}

async function createInflater(compression: Compression): Promise<Inflater> {
  const zlib = await import("node:zlib");
  const options = { chunkSize: INFLATE_CHUNK_BYTES };
  switch (compression) {
    case "gzip":
      return zlib.createGunzip(options);
    case "deflate-raw":
      return zlib.createInflateRaw(options);
    case "brotli":
      return zlib.createBrotliDecompress(options);
  }
}

/** What goes into an inflater. */
class Input {
  readonly #chunks: AsyncIterable<Uint8Array>;
  readonly #compression: Compression;
  /** How many bytes went in. */
  size = 0;
  /** Why reading failed, if it did. Reading may fail with any value, `undefined` among them. */
  failure: { readonly reason: unknown } | undefined;

  constructor(chunks: AsyncIterable<Uint8Array>, compression: Compression) {
    this.#chunks = chunks;
    this.#compression = compression;
  }

  /** Resolves once everything went in or the inflater was destroyed; never rejects. */
  async feed(inflater: Inflater): Promise<void> {
    try {
      for await (const chunk of this.#chunks) {
        if (inflater.destroyed) return;
        if (this.size === 0 && this.#compression === "brotli") refuseLargeWindow(chunk);
        this.size += chunk.length;
        await write(inflater, chunk);
      }
      if (this.#compression === "brotli") inflater.write(END_OF_BROTLI);
      inflater.end();
    } catch (reason) {
      this.failure = { reason };
      inflater.destroy(new Error("Cannot read the compressed data"));
    }
  }
}

/** "Large window brotli" is not in RFC 7932; Deno decodes it, with up to 1 GiB of memory (T21). */
function refuseLargeWindow(start: Uint8Array): void {
  if ((start[0]! & 0x7f) === 0x11) {
    throw new ArchiveFault("its brotli data needs a window larger than 16 MiB");
  }
}

/** Resolves once the chunk is used up, or never will be because the inflater is done. */
function write(inflater: Inflater, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    inflater.once("close", resolve);
    inflater.write(chunk, () => {
      inflater.off("close", resolve);
      resolve();
    });
  });
}
