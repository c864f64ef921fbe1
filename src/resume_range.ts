/**
 * The `Content-Range` header (RFC 9110 section 14.4).
 *
 * @module
 */

/** Which bytes an answer holds, or, without them, how long the file is. */
export interface ContentRange {
  /** First byte; `undefined` in the form that a 416 carries. */
  readonly start: number | undefined;
  /** Last byte, included. */
  readonly end: number | undefined;
  /** Length of the whole file; `undefined` where the server does not know it. */
  readonly total: number | undefined;
}

/**
 * Reads the header.
 *
 * @param value Its value.
 * @returns What it says, or `undefined` when it is absent, garbled, or contradicts itself.
 */
export function parseContentRange(value: string | null): ContentRange | undefined {
  const match = /^bytes\s+(?:(\d{1,15})-(\d{1,15})|\*)\/(\d{1,15}|\*)$/i.exec(value?.trim() ?? "");
  if (match === null) return undefined;
  const [start, end, total] = match.slice(1).map(numberOf);
  if (start === undefined || end === undefined) {
    return total === undefined ? undefined : { start: undefined, end: undefined, total };
  }
  const consistent = start <= end && (total === undefined || end < total);
  return consistent ? { start, end, total } : undefined;
}

function numberOf(digits: string | undefined): number | undefined {
  return digits === undefined || digits === "*" ? undefined : Number(digits);
}
