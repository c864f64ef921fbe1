/**
 * Tests that are left out where something is missing.
 *
 * @module
 */

/** Deno does not print why a test is left out. */
export function skipped(why: string): { skip: string | false } {
  if (why) console.log(`skipped: ${why}`);
  return { skip: why || false };
}
