/**
 * The comments of a TOML document, in order.
 *
 * @module
 */

// Strings first, so that a `#` inside one is not taken for a comment (TOML 1.0.0, "String" and "Comment").
const TOKENS = new RegExp(
  [
    String.raw`"""(?:[^\\]|\\[^])*?"{3,5}`,
    String.raw`'''[^]*?'{3,5}`,
    String.raw`"(?:[^"\\\n]|\\[^])*"`,
    String.raw`'[^'\n]*'`,
    String.raw`(?<comment>#[^\r\n]*)`,
  ].join("|"),
  "g",
);

/**
 * Lists the comments of a TOML document.
 *
 * @param text A valid TOML document.
 * @returns Each comment from its `#` to the end of its line, in order.
 */
export function commentsOf(text: string): string[] {
  return [...text.matchAll(TOKENS)].flatMap((match) => match.groups?.["comment"]?.trimEnd() ?? []);
}

/**
 * What of one list is missing from another, counting repeats.
 *
 * @param before A list.
 * @param after Another list.
 * @returns The entries of `before` that `after` has not, or not as often.
 */
export function missing(before: readonly string[], after: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const entry of after) counts.set(entry, (counts.get(entry) ?? 0) + 1);
  return before.filter((entry) => {
    const count = counts.get(entry) ?? 0;
    counts.set(entry, count - 1);
    return count <= 0;
  });
}
