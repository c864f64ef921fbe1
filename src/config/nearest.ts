/**
 * The word that somebody probably meant.
 *
 * @module
 */

/**
 * Finds the candidate that differs least from a word that is not one of them. Upper and lower case are the same, and
 * the dashes of a flag do not make its name any longer.
 *
 * @param word What was written.
 * @param candidates What could have been meant.
 * @returns The only one that begins with the word, or else the nearest by edits (insert, drop, replace, swap); `undefined`
 * when none is near enough to be meant.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > 100) return undefined;
  const written = word.toLowerCase();
  const { length } = written.replace(/^-+/, "");
  const all = [...candidates];
  const begun = length > 1 || written.startsWith("--") ? all.filter((text) => text.startsWith(written)) : [];
  // Which of several was begun, nobody can tell.
  if (begun.length > 0) return begun.length === 1 ? begun[0] : undefined;
  let best: string | undefined;
  let fewest = mostEdits(length) + 1;
  for (const candidate of all) {
    const count = edits(written, candidate);
    if (count < fewest) [best, fewest] = [candidate, count];
  }
  return best;
}

/** Two short words are always near each other. */
function mostEdits(length: number): number {
  if (length < 3) return 0;
  return length < 5 ? 1 : Math.floor(length / 3) + 1;
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
