/**
 * Times and sizes as `cco` writes them.
 *
 * @module
 */

/**
 * A moment, as `2025-11-17 14:32:15 UTC`.
 *
 * @param time Milliseconds since the epoch; `undefined` for never.
 * @returns The text; `Never` for never.
 */
export function formatTime(time: number | undefined): string {
  if (time === undefined) return "Never";
  return new Date(time).toISOString().replace("T", " ").replace(/\.\d+Z$/, " UTC");
}

/**
 * A moment for programs, as `2025-11-17T14:32:15Z`.
 *
 * @param time Milliseconds since the epoch; `undefined` for never.
 * @returns The text; `null` for never.
 */
export function isoTime(time: number | undefined): string | null {
  return time === undefined ? null : new Date(time).toISOString().replace(/\.\d+Z$/, "Z");
}

/**
 * A number of bytes, in units of a thousand as network speeds are.
 *
 * @param bytes How many.
 * @returns Such as `37.6 MB`.
 */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
