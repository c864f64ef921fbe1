/**
 * BLAKE2b without a key (RFC 7693), for small inputs: manifests, roots and key files.
 *
 * Web Crypto has no BLAKE2b and loading `node:crypto` for it costs a check for updates more than hashing here does;
 * for large files `node:crypto` is the faster choice. Not constant-time: nothing secret depends on how long it takes.
 *
 * @module
 */

const BLOCK_BYTES = 128;
const ROUNDS = 12;

/** The initial state, SHA-512's, as pairs of low and high halves (RFC 7693 section 2.6). */
const INITIAL = [
  [0xf3bcc908, 0x6a09e667],
  [0x84caa73b, 0xbb67ae85],
  [0xfe94f82b, 0x3c6ef372],
  [0x5f1d36f1, 0xa54ff53a],
  [0xade682d1, 0x510e527f],
  [0x2b3e6c1f, 0x9b05688c],
  [0xfb41bd6b, 0x1f83d9ab],
  [0x137e2179, 0x5be0cd19],
] as const;

/** In which order each round takes the words of a block (RFC 7693 section 2.7); one digit per word. */
const ORDER = [
  "0123456789abcdef",
  "ea489fd61c02b753",
  "b8c052fdae367194",
  "7931dcbe265a40f8",
  "905724afe1bc683d",
  "2c6a0b834d75fe19",
  "c51fed4a0763928b",
  "db7ec13950f4862a",
  "6fe9b308c2d714a5",
  "a2847615fb9e3cd0",
].map((digits) => Array.from(digits, (digit) => 8 * parseInt(digit, 16)));

/** Which four words of the state are mixed together: columns, then diagonals (RFC 7693 section 3.2). */
const GROUPS = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
].map((words) => words.map((word) => 8 * word)) as [number, number, number, number][];

/**
 * The BLAKE2b digest of some bytes (RFC 7693).
 *
 * @param input What to hash. It is read within this call only.
 * @param length How many bytes of digest, from 1 to 64.
 * @returns The digest.
 */
export function blake2b(input: Uint8Array, length = 64): Uint8Array<ArrayBuffer> {
  const state = new DataView(new ArrayBuffer(64));
  INITIAL.forEach(([low, high], word) => writeWord(state, 8 * word, low, high));
  // The parameter block: digest length, no key, one sequential tree (section 2.5).
  state.setUint32(0, state.getUint32(0, true) ^ 0x01010000 ^ length, true);
  const block = new Uint8Array(BLOCK_BYTES);
  let offset = 0;
  for (; offset + BLOCK_BYTES < input.length; offset += BLOCK_BYTES) {
    block.set(input.subarray(offset, offset + BLOCK_BYTES));
    compress(state, block, offset + BLOCK_BYTES, false);
  }
  block.fill(0).set(input.subarray(offset));
  compress(state, block, input.length, true);
  return new Uint8Array(state.buffer, 0, length);
}

/** Mixes one block into the state; `total` is how many bytes of input that makes (section 3.2). */
function compress(state: DataView, block: Uint8Array, total: number, last: boolean): void {
  const work = new DataView(new ArrayBuffer(128));
  const words = new DataView(block.buffer, block.byteOffset, BLOCK_BYTES);
  new Uint8Array(work.buffer).set(new Uint8Array(state.buffer));
  INITIAL.forEach(([low, high], word) => writeWord(work, 64 + 8 * word, low, high));
  xorWord(work, 96, total, Math.floor(total / 2 ** 32));
  if (last) xorWord(work, 112, 0xffffffff, 0xffffffff);
  for (let round = 0; round < ROUNDS; round++) {
    const order = ORDER[round % ORDER.length]!;
    for (let index = 0; index < GROUPS.length; index++) {
      mix(work, GROUPS[index]!, words, order[2 * index]!, order[2 * index + 1]!);
    }
  }
  for (let at = 0; at < 64; at += 4) {
    const half = state.getUint32(at, true) ^ work.getUint32(at, true) ^ work.getUint32(at + 64, true);
    state.setUint32(at, half, true);
  }
}

/** Mixes two words of the block into four words of the state (section 3.1). */
function mix(
  work: DataView,
  group: readonly [number, number, number, number],
  words: DataView,
  x: number,
  y: number,
): void {
  const a = group[0], b = group[1], c = group[2], d = group[3];
  add(work, a, b, words, x);
  rotate(work, d, a, 32);
  add(work, c, d);
  rotate(work, b, c, 24);
  add(work, a, b, words, y);
  rotate(work, d, a, 16);
  add(work, c, d);
  rotate(work, b, c, 63);
}

/** Adds one word of the state, and one of the block when given, to another, modulo 2^64. */
function add(work: DataView, to: number, from: number, words?: DataView, word = 0): void {
  const low = work.getUint32(to, true) + work.getUint32(from, true) + (words?.getUint32(word, true) ?? 0);
  const high = work.getUint32(to + 4, true) + work.getUint32(from + 4, true) +
    (words?.getUint32(word + 4, true) ?? 0);
  writeWord(work, to, low, high + (low / 2 ** 32 | 0));
}

/** Exclusive-ors one word of the state into another and rotates that to the right. */
function rotate(work: DataView, to: number, from: number, bits: number): void {
  const low = work.getUint32(to, true) ^ work.getUint32(from, true);
  const high = work.getUint32(to + 4, true) ^ work.getUint32(from + 4, true);
  if (bits === 32) writeWord(work, to, high, low);
  else if (bits < 32) {
    writeWord(work, to, low >>> bits | high << 32 - bits, high >>> bits | low << 32 - bits);
  } else {
    writeWord(work, to, low << 64 - bits | high >>> bits - 32, high << 64 - bits | low >>> bits - 32);
  }
}

function xorWord(view: DataView, at: number, low: number, high: number): void {
  writeWord(view, at, view.getUint32(at, true) ^ low, view.getUint32(at + 4, true) ^ high);
}

/** `setUint32` keeps the lowest 32 bits of whatever number it gets. */
function writeWord(view: DataView, at: number, low: number, high: number): void {
  view.setUint32(at, low, true);
  view.setUint32(at + 4, high, true);
}
