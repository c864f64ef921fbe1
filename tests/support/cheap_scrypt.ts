/**
 * Key files whose password costs little, and runtimes that can make none.
 *
 * @module
 */

/**
 * A cost that a test can pay: minisign's own memory limit is lower than its choice for new keys only, and any smaller one
 * is valid in a file.
 */
export const CHEAP = { operations: 32_768, memory: 1_048_576 };

/**
 * Why this runtime cannot protect a key by a password, or an empty text when it can: Deno 2.7's scrypt makes
 * at most 64 bytes, a protected key file needs 104.
 */
export const scryptMissing: string = await withoutLongScrypt();

async function withoutLongScrypt(): Promise<string> {
  const { scryptSync } = await import("node:crypto");
  try {
    scryptSync("x", "y", 104, { N: 2 });
    return "";
  } catch {
    return "this runtime's scrypt makes at most 64 bytes";
  }
}
