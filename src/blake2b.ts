/**
 * BLAKE2b without a key (RFC 7693), for small inputs: manifests, roots and key files.
 *
 * Web Crypto has no BLAKE2b and loading `node:crypto` for it costs a check for updates more than hashing here does;
 * for large files `node:crypto` is the faster choice. Not constant-time: nothing secret depends on how long it takes.
 *
 * @module
 */

const BLOCK_BYTES = 128;
/** Twelve rounds of eight. */
const STEPS = 96;

/** The initial state, SHA-512's, each word as its low and its high half (RFC 7693 section 2.6). */
const INITIAL = [
  0xf3bcc908,
  0x6a09e667,
  0x84caa73b,
  0xbb67ae85,
  0xfe94f82b,
  0x3c6ef372,
  0x5f1d36f1,
  0xa54ff53a,
  0xade682d1,
  0x510e527f,
  0x2b3e6c1f,
  0x9b05688c,
  0xfb41bd6b,
  0x1f83d9ab,
  0x137e2179,
  0x5be0cd19,
];

/**
 * In which order each of ten rounds takes the words of a block (RFC 7693 section 2.7): one digit per word, of which
 * every one has two halves.
 */
const ORDER = Array.from(
  "0123456789abcdef" + "ea489fd61c02b753" + "b8c052fdae367194" + "7931dcbe265a40f8" + "905724afe1bc683d" +
    "2c6a0b834d75fe19" + "c51fed4a0763928b" + "db7ec13950f4862a" + "6fe9b308c2d714a5" + "a2847615fb9e3cd0",
  (digit) => 2 * parseInt(digit, 16),
);

/**
 * The BLAKE2b digest of some bytes (RFC 7693).
 *
 * @param input What to hash. It is read within this call only.
 * @param length How many bytes of digest, from 1 to 64.
 * @returns The digest.
 */
export function blake2b(input: Uint8Array, length = 64): Uint8Array<ArrayBuffer> {
  const state = Uint32Array.from(INITIAL);
  // The parameter block: digest length, no key, one sequential tree (section 2.5).
  state[0]! ^= 0x01010000 ^ length;
  const block = new Uint8Array(BLOCK_BYTES);
  let offset = 0;
  for (; offset + BLOCK_BYTES < input.length; offset += BLOCK_BYTES) {
    block.set(input.subarray(offset, offset + BLOCK_BYTES));
    compress(state, block, offset + BLOCK_BYTES, false);
  }
  block.fill(0).set(input.subarray(offset));
  compress(state, block, input.length, true);
  const digest = new DataView(new ArrayBuffer(64));
  state.forEach((half, index) => digest.setUint32(4 * index, half, true));
  return new Uint8Array(digest.buffer, 0, length);
}

/** Mixes one block into the state; `total` is how many bytes of input that makes (section 3.2). */
function compress(state: Uint32Array, block: Uint8Array, total: number, last: boolean): void {
  const view = new DataView(block.buffer, block.byteOffset);
  const words = Uint32Array.from({ length: 32 }, (_, index) => view.getUint32(4 * index, true));
  const work = Uint32Array.of(...state, ...INITIAL);
  work[24]! ^= total;
  work[25]! ^= total / 2 ** 32;
  if (last) {
    work[28] = ~work[28]!;
    work[29] = ~work[29]!;
  }
  for (let step = 0; step < STEPS; step++) {
    const next = 2 * step % ORDER.length;
    mix(work, words, step & 7, ORDER[next]!, ORDER[next + 1]!);
  }
  for (let half = 0; half < 16; half++) state[half]! ^= work[half]! ^ work[half + 16]!;
}

/** Mixes two words of the block into a column of the state, from the fifth group on into a diagonal (section 3.2). */
function mix(work: Uint32Array, words: Uint32Array, group: number, x: number, y: number): void {
  const turn = group >> 2;
  const a = 2 * (group & 3);
  const b = 8 + (a + 2 * turn & 7);
  const c = 16 + (a + 4 * turn & 7);
  const d = 24 + (a + 6 * turn & 7);
  add(work, a, b, words[x]!, words[x + 1]!);
  rotate(work, d, a, 1, 0);
  add(work, c, d, 0, 0);
  rotate(work, b, c, 0, 24);
  add(work, a, b, words[y]!, words[y + 1]!);
  rotate(work, d, a, 0, 16);
  add(work, c, d, 0, 0);
  rotate(work, b, c, 1, 31);
}

/** Adds a word of the state and another word to a word of the state, modulo 2^64. */
function add(work: Uint32Array, to: number, from: number, low: number, high: number): void {
  const sum = work[to]! + work[from]! + low;
  work[to] = sum;
  work[to + 1]! += work[from + 1]! + high + (sum / 2 ** 32 | 0);
}

/** Exclusive-ors a word of the state into another and rotates that right: by 32 if `swap` is 1, then by `bits`. */
function rotate(work: Uint32Array, to: number, from: number, swap: 0 | 1, bits: number): void {
  const low = work[to + swap]! ^ work[from + swap]!;
  const high = work[to + 1 - swap]! ^ work[from + 1 - swap]!;
  // Two shifts, because one by 32 would be none.
  work[to] = low >>> bits | high << 31 - bits << 1;
  work[to + 1] = high >>> bits | low << 31 - bits << 1;
}
