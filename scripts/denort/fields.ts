/**
 * Little-endian numbers and names at fixed offsets, as the headers of executables have them.
 *
 * @module
 */

/** A window on the bytes of an executable; writing changes those bytes. */
export class Fields {
  /** The bytes themselves. */
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u16(offset: number): number {
    return this.#view.getUint16(offset, true);
  }

  u32(offset: number): number {
    return this.#view.getUint32(offset, true);
  }

  /** A 64-bit number; one above 2^53-1 is no offset in a file. */
  u64(offset: number): number {
    const value = Number(this.#view.getBigUint64(offset, true));
    if (!Number.isSafeInteger(value)) {
      throw new RangeError(`Cannot use the 64-bit number at ${offset}: current value is ${value}`);
    }
    return value;
  }

  setU16(offset: number, value: number): void {
    this.#view.setUint16(offset, value, true);
  }

  setU32(offset: number, value: number): void {
    this.#view.setUint32(offset, value, true);
  }

  setU64(offset: number, value: number): void {
    this.#view.setBigUint64(offset, BigInt(value), true);
  }

  /** ASCII text from `offset` to the first zero byte, `limit` bytes at most. */
  text(offset: number, limit = 64): string {
    const bytes = this.bytes.subarray(offset, offset + limit);
    const end = bytes.indexOf(0);
    return String.fromCharCode(...end < 0 ? bytes : bytes.subarray(0, end));
  }
}
