/**
 * A download in the making: the bytes on disk, their digest so far, and a small file beside them that remembers which
 * version of the file each source was serving.
 *
 * @module
 */

import { chunksOf, createDigest, type Digest } from "./digest.ts";
import { type DurableRuntime, readFile, writeDurably } from "./durable.ts";
import { isFileError } from "./errors.ts";
import { STATE_BYTES } from "./limits.ts";
import { redactUrl } from "./redact.ts";
import type { OpenFile } from "./runtime/types.ts";

/** Bytes that have arrived, in order from the first. */
export class PartialFile {
  readonly #runtime: DurableRuntime;
  readonly #path: string;
  readonly #file: OpenFile;
  readonly #validators: Map<string, string>;
  #digest: Digest;
  #size: number;

  private constructor(
    runtime: DurableRuntime,
    path: string,
    file: OpenFile,
    content: { digest: Digest; size: number; validators: Map<string, string> },
  ) {
    this.#runtime = runtime;
    this.#path = path;
    this.#file = file;
    this.#digest = content.digest;
    this.#size = content.size;
    this.#validators = content.validators;
  }

  /**
   * Opens what is there, or starts a new file; a link or anything else that is no file is removed first (T24).
   *
   * @param runtime File system and chance.
   * @param path The partial file's absolute path; its folder must be there.
   * @param options `signal` ends the reading of what is there; beyond `maxBytes` it is dropped unread.
   */
  static async open(
    runtime: DurableRuntime,
    path: string,
    { signal, maxBytes }: { signal?: AbortSignal | undefined; maxBytes: number },
  ): Promise<PartialFile> {
    const file = await openOrCreate(runtime, path);
    try {
      const digest = await createDigest();
      if ((await file.stat()).size > maxBytes) await file.truncate(0);
      let size = 0;
      for await (const chunk of chunksOf(file, 0, signal ? { signal } : {})) {
        digest.update(chunk);
        size += chunk.length;
      }
      const validators = size > 0 ? await readValidators(runtime, path) : new Map<string, string>();
      return new PartialFile(runtime, path, file, { digest, size, validators });
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** How many bytes are there. */
  get size(): number {
    return this.#size;
  }

  /** Adds bytes to the digest and the file. */
  append(bytes: Uint8Array): void {
    this.#digest.update(bytes);
    this.#file.append(bytes);
    this.#size += bytes.length;
  }

  /** Drops everything and starts at the first byte again. */
  async restart(): Promise<void> {
    await this.#file.truncate(0);
    this.#digest = await createDigest();
    this.#size = 0;
    this.#validators.clear();
  }

  /** The strong `ETag` under which `url` served the bytes that are here, for `If-Range`. */
  validatorOf(url: string): string | undefined {
    return this.#validators.get(redactUrl(url));
  }

  /** Remembers what `url` serves; a weak `ETag` does not identify bytes (RFC 9110 section 13.1.5). */
  async remember(url: string, etag: string | null): Promise<void> {
    const key = redactUrl(url);
    if (etag === null || !/^"[\x21\x23-\x7e]{1,200}"$/.test(etag) || this.#validators.get(key) === etag) {
      return;
    }
    this.#validators.set(key, etag);
    const bytes = new TextEncoder().encode(JSON.stringify({ etags: Object.fromEntries(this.#validators) }));
    await writeDurably(this.#runtime, sidecarOf(this.#path), bytes, { mode: 0o600 });
  }

  /** Ends the digest. `undefined` when the file on disk is not as long as what was written: somebody else writes too. */
  async finish(): Promise<string | undefined> {
    const { size } = await this.#file.stat();
    return size === this.#size ? this.#digest.hex() : undefined;
  }

  /** Closes the file, which stays. */
  close(): void {
    this.#file.close();
  }

  /** Removes the note about the sources, which a complete file does not need. */
  async removeNotes(): Promise<void> {
    await removeIfThere(this.#runtime, sidecarOf(this.#path));
  }

  /** Closes and removes everything. */
  async remove(): Promise<void> {
    this.close();
    await removeIfThere(this.#runtime, this.#path);
    await this.removeNotes();
  }
}

function sidecarOf(path: string): string {
  return `${path}.json`;
}

async function openOrCreate({ fs }: DurableRuntime, path: string): Promise<OpenFile> {
  const there = await fs.stat(path);
  if (there?.kind === "file") return await fs.open(path, { access: "append" });
  if (there !== undefined) await fs.remove(path);
  return await fs.open(path, { access: "create", mode: 0o600 });
}

/** A damaged note costs an `If-Range`, nothing else: the digest of the whole file decides in the end. */
async function readValidators(runtime: DurableRuntime, path: string): Promise<Map<string, string>> {
  try {
    const bytes = await readFile(runtime.fs, sidecarOf(path), STATE_BYTES);
    const note: unknown = JSON.parse(new TextDecoder().decode(bytes));
    const etags = typeof note === "object" && note !== null && "etags" in note ? note.etags : undefined;
    if (typeof etags !== "object" || etags === null) return new Map();
    return new Map(
      Object.entries(etags).filter((entry): entry is [string, string] =>
        typeof entry[1] === "string" && /^"[\x21\x23-\x7e]{1,200}"$/.test(entry[1])
      ),
    );
  } catch {
    return new Map();
  }
}

async function removeIfThere({ fs }: DurableRuntime, path: string): Promise<void> {
  try {
    await fs.remove(path);
  } catch (error) {
    if (!isFileError(error, "absent")) throw error;
  }
}
