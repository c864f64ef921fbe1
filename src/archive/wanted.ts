/**
 * The one entry that is wanted, looked for among the names of an archive.
 *
 * Names are compared byte by byte and never used as paths, so it does not matter what the other ones say: `../`, an
 * absolute path, a drive letter, a link (T19).
 *
 * @module
 */

import { ARCHIVE_NAMES } from "../limits.ts";
import { safeLine } from "../safe_text.ts";
import { ArchiveFault } from "./fault.ts";

const DOT = 0x2e;
const SLASH = 0x2f;
const NAME_LENGTH = 100;

/** The kind of an entry: `file`, or what else it is, in words that follow "is a". */
export type EntryKind = "file" | "directory" | (string & Record<never, never>);

/** Looks for one entry and remembers what it saw. */
export class Wanted {
  readonly #entry: string;
  readonly #name: Uint8Array;
  readonly #others: string[] = [];
  #met = false;

  /** @param entry The full name within the archive; a leading `./` makes no difference. */
  constructor(entry: string) {
    this.#entry = entry;
    this.#name = bare(new TextEncoder().encode(entry));
    if (this.#name.length === 0) throw new RangeError(`Cannot look for an entry: its name is "${entry}"`);
  }

  /** Whether the entry was there. */
  get met(): boolean {
    return this.#met;
  }

  /** The first names of other files that were there, fit for a terminal. */
  get others(): string[] {
    return this.#others;
  }

  /**
   * Takes note of an entry of the archive.
   *
   * @param name Its effective name, as it is in the archive.
   * @param kind What it is.
   * @returns Whether it is the wanted file.
   * @throws {ArchiveFault} When it has the wanted name and is no regular file, or is not the first of that name (T20).
   */
  meet(name: Uint8Array, kind: EntryKind): boolean {
    if (!isSame(bare(name), this.#name)) {
      if (kind !== "directory") this.#remember(name);
      return false;
    }
    if (this.#met) throw new ArchiveFault(`the archive has two entries of this name`);
    if (kind !== "file") throw new ArchiveFault(`${safeLine(this.#entry)} is a ${kind}, not a regular file`);
    this.#met = true;
    return true;
  }

  #remember(name: Uint8Array): void {
    if (this.#others.length >= ARCHIVE_NAMES) return;
    // One character takes four bytes at most: nothing is decoded that would be cut off again.
    const text = new TextDecoder().decode(name.subarray(0, 4 * NAME_LENGTH + 4));
    this.#others.push(safeLine(text, NAME_LENGTH));
  }
}

/** A name without `./` before it and `/` after it, which archivers add and which say nothing. */
function bare(name: Uint8Array): Uint8Array {
  let start = 0;
  let end = name.length;
  while (name[start] === DOT && name[start + 1] === SLASH) start += 2;
  while (end > start && name[end - 1] === SLASH) end--;
  return name.subarray(start, end);
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
