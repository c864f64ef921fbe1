/**
 * Tests that are left out where something is missing.
 *
 * @module
 */

import type { TestContext } from "node:test";

/** Deno does not print why a test is left out. */
export function skipped(why: string): { skip: string | false } {
  if (why) console.log(`skipped: ${why}`);
  return { skip: why || false };
}

/** The same for a test that finds out while it runs. */
export function leaveOut(t: Pick<TestContext, "skip">, why: string): void {
  console.log(`skipped: ${why}`);
  t.skip(why);
}
