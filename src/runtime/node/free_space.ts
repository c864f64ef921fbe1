/** How much room a file system has. */

import { statfs } from "node:fs/promises";

/**
 * Returns the bytes that this user may still write.
 *
 * @param path Anything on the file system in question.
 * @returns The bytes, or `undefined` for file systems that do not say (they report a size of 0).
 */
export async function freeSpaceOf(path: string): Promise<number | undefined> {
  const { bavail, blocks, bsize } = await statfs(path);
  return blocks === 0 ? undefined : bavail * bsize;
}
