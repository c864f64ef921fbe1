/**
 * Lengths of time as people write them in settings: `6h`, `1d12h`, `90s`.
 *
 * @module
 */

const UNITS: readonly (readonly [unit: string, milliseconds: number])[] = [
  ["w", 7 * 24 * 3_600_000],
  ["d", 24 * 3_600_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
];
const FORM = /^(?:(\d{1,6})w)?(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?$/;

/**
 * Reads a length of time: whole numbers with `w`, `d`, `h`, `m`, `s` in that order, or `0`.
 *
 * @param text Such as `1d12h`.
 * @returns Milliseconds, or `undefined` when the text is something else.
 */
export function parseDuration(text: string): number | undefined {
  if (text === "0") return 0;
  const match = FORM.exec(text);
  if (match === null || text === "") return undefined;
  return UNITS.reduce((sum, [, size], index) => sum + Number(match[index + 1] ?? 0) * size, 0);
}

/**
 * Writes a length of time with its two largest units: `1d 2h`, `5m 3s`.
 *
 * @param milliseconds The length; what is below a second is dropped.
 * @returns Text for people.
 */
export function formatDuration(milliseconds: number): string {
  let rest = Math.max(0, milliseconds);
  const parts: string[] = [];
  for (const [unit, size] of UNITS.slice(1)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.slice(0, 2).join(" ") || "0s";
}
