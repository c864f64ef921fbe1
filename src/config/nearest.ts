/**
 * The word that somebody probably meant.
 *
 * @module
 */

/**
 * Finds the candidate that differs least from a word that is not one of them.
 *
 * @param word What was written.
 * @param candidates What could have been meant.
 * @returns The nearest by edits (insert, drop, replace, swap), or `undefined` when none is near enough to be meant.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > 100) return undefined;
  let best: string | undefined;
  let fewest = Math.floor(word.length / 3) + 2;
  for (const candidate of candidates) {
    const count = candidate.startsWith(word) && word.length > 1 ? 1 : edits(word, candidate);
    if (count < fewest) [best, fewest] = [candidate, count];
  }
  return best;
}

/** Damerau-Levenshtein distance (optimal string alignment), in three rows. */
function edits(a: string, b: string): number {
  let [before, last] = [[] as number[], Array.from({ length: b.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
        ? before[j - 2]! + 1
        : Infinity;
      row.push(Math.min(replaced, swapped, last[j]! + 1, row[j - 1]! + 1));
    }
    [before, last] = [last, row];
  }
  return last[b.length]!;
}
