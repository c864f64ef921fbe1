/**
 * Reading documents until they are accepted: what was kept of them may be to blame when they are not.
 *
 * @module
 */

import { isUpdateError, type UpdateErrorCode } from "./errors.ts";
import type { Runtime } from "./runtime/types.ts";
import { type Reader, type ReaderOptions, sourceReader } from "./sources_reader.ts";

/** Failures of the way to a document, which say nothing about the document. */
const ON_THE_WAY: readonly UpdateErrorCode[] = [
  "NETWORK",
  "TIMEOUT",
  "HTTP_STATUS",
  "RATE_LIMITED",
  "ADDRESS_REFUSED",
  "TOO_LARGE",
];

/**
 * Reads documents and judges them. Only what was accepted is kept. When documents are refused and a server had confirmed
 * that one of them is the same as in the cache, all are asked for once more and whole: else one damaged file would keep
 * every update away until the publisher changes the document (T18, T35).
 *
 * @param runtime \`fetch\`, files, clock, chance.
 * @param options How sources are reached.
 * @param judge Reads and accepts, or throws.
 * @returns What \`judge\` makes of the documents.
 */
export async function readAccepted<T>(
  runtime: Runtime,
  options: ReaderOptions,
  judge: (reader: Reader) => Promise<T>,
): Promise<T> {
  const reader = sourceReader(runtime, options);
  try {
    return await keeping(reader, judge);
  } catch (error) {
    const isOnTheWay = isUpdateError(error) && ON_THE_WAY.includes(error.code);
    if (isOnTheWay || options.signal?.aborted || !await reader.forget()) throw error;
  }
  return await keeping(sourceReader(runtime, { ...options, isWhole: true }), judge);
}

async function keeping<T>(reader: Reader, judge: (reader: Reader) => Promise<T>): Promise<T> {
  const accepted = await judge(reader);
  await reader.keep();
  return accepted;
}
