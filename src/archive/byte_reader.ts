/**
 * Exact numbers of bytes out of chunks of any size.
 *
 * @module
 */

/** Reads chunks of any size as records of exact size. Whoever made it closes it. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  /** @param chunks The bytes. No chunk may be overwritten later. */
  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** The next bytes: at least one, at most `limit`; `undefined` at the end. */
  async some(limit: number): Promise<Uint8Array | undefined> {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next();
      if (next.done) return undefined;
      this.#rest = next.value;
    }
    const taken = this.#rest.subarray(0, limit);
    this.#rest = this.#rest.subarray(taken.length);
    return taken;
  }

  /** The next `size` bytes; `undefined` when fewer are left. `size` must have been checked: it is allocated. */
  async exactly(size: number): Promise<Uint8Array | undefined> {
    if (this.#rest.length >= size) {
      const taken = this.#rest.subarray(0, size);
      this.#rest = this.#rest.subarray(size);
      return taken;
    }
    const bytes = new Uint8Array(size);
    for (let filled = 0; filled < size;) {
      const part = await this.some(size - filled);
      if (part === undefined) return undefined;
      bytes.set(part, filled);
      filled += part.length;
    }
    return bytes;
  }

  /** Releases the chunks. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
