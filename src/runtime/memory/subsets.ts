/** Which changes a power cut keeps: all possibilities while they are few, a sample beyond. */

import { seededRandom } from "./random.ts";

/** Changes by their index: of `ordered` ones a power cut keeps the first few, of `free` ones any. */
export interface Choices {
  readonly ordered: readonly number[];
  readonly free: readonly number[];
}

/**
 * Yields which changes are kept, one `boolean` for each index.
 *
 * @param choices The changes.
 * @param seed Chooses the sample where there are too many possibilities.
 * @param limit How many possibilities are too many.
 */
export function* subsets(choices: Choices, seed: number, limit: number): Generator<boolean[]> {
  const { ordered, free } = choices;
  const count = (ordered.length + 1) * 2 ** free.length;
  if (count <= limit) {
    for (let index = 0; index < count; index++) {
      const keep = Math.floor(index / 2 ** free.length);
      yield chosen(choices, keep, (bit) => Math.floor(index / 2 ** bit) % 2 === 1);
    }
  } else yield* sample(choices, seed, limit);
}

/** The extremes first: they find most; then chance. */
function* sample(choices: Choices, seed: number, limit: number): Generator<boolean[]> {
  const { ordered, free } = choices;
  let left = limit;
  for (const keep of [0, ordered.length]) {
    yield chosen(choices, keep, () => false);
    yield chosen(choices, keep, () => true);
    for (let one = 0; one < free.length && left > 0; one++, left -= 2) {
      yield chosen(choices, keep, (bit) => bit === one);
      yield chosen(choices, keep, (bit) => bit !== one);
    }
  }
  const random = seededRandom(seed);
  for (; left > 0; left--) {
    const keep = Math.floor(random() * (ordered.length + 1));
    yield chosen(choices, keep, () => random() < 0.5);
  }
}

function chosen({ ordered, free }: Choices, keep: number, isKept: (bit: number) => boolean): boolean[] {
  const kept: boolean[] = Array.from({ length: ordered.length + free.length }, () => false);
  ordered.forEach((index, position) => kept[index] = position < keep);
  free.forEach((index, bit) => kept[index] = isKept(bit));
  return kept;
}
