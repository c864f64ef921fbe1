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
  // Whole blocks, one at least: the last one is filled up with zeros.
  const padded = new Uint8Array(Math.ceil(input.length / BLOCK_BYTES || 1) * BLOCK_BYTES);
  padded.set(input);
  for (let end = BLOCK_BYTES; end <= padded.length; end += BLOCK_BYTES) {
    const block = new DataView(padded.buffer, end - BLOCK_BYTES);
    compress(state, block, Math.min(end, input.length), end === padded.length);
  }
  return Uint8Array.from({ length }, (_, index) => state[index >> 2]! >> 8 * (index & 3));
}

/** Mixes one block into the state; `total` is how many bytes of input that makes (section 3.2). */
function compress(state: Uint32Array, block: DataView, total: number, last: boolean): void {
  const words = Uint32Array.from({ length: 32 }, (_, index) => block.getUint32(4 * index, true));
  const work = Uint32Array.of(...state, ...INITIAL);
  work[24]! ^= total;
  work[25]! ^= total / 2 ** 32;
  if (last) {
    work[28] = ~work[28]!;
    work[29] = ~work[29]!;
  }
  for (let step = 0; step < STEPS; step++) {
    // Two words of the block go into a column of the state, in the second half of a round into a diagonal.
    const next = 2 * step % ORDER.length, x = ORDER[next]!, y = ORDER[next + 1]!;
    const turn = step >> 2 & 1;
    const a = 2 * (step & 3);
    const b = 8 + (a + 2 * turn & 7);
    const c = 16 + (a + 4 * turn & 7);
    const d = 24 + (a + 6 * turn & 7);
    stir(work, a, b, d, 1, 0, words[x], words[x + 1]);
    stir(work, c, d, b, 0, 24);
    stir(work, a, b, d, 0, 16, words[y], words[y + 1]);
    stir(work, c, d, b, 1, 31);
  }
  for (let half = 0; half < 16; half++) state[half]! ^= work[half]! ^ work[half + 16]!;
}

/**
 * Adds a word of the state and a word of the block to a word of the state, modulo 2^64; exclusive-ors the sum into a
 * third word of the state and rotates that right: by 32 if `swap` is 1, then by `bits`.
 */
function stir(
  work: Uint32Array,
  to: number,
  from: number,
  into: number,
  swap: 0 | 1,
  bits: number,
  low = 0,
  high = 0,
): void {
  const sum = work[to]! + work[from]! + low;
  work[to] = sum;
  work[to + 1]! += work[from + 1]! + high + (sum / 2 ** 32 | 0);
  low = work[into + swap]! ^ work[to + swap]!;
  high = work[into + 1 - swap]! ^ work[to + 1 - swap]!;
  // Two shifts, because one by 32 would be none.
  work[into] = low >>> bits | high << 31 - bits << 1;
  work[into + 1] = high >>> bits | low << 31 - bits << 1;
}
