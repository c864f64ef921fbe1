/** Permission bits, set without following a link. */

import { constants } from "node:fs";
import { open } from "node:fs/promises";

/**
 * Sets the permission bits of a file or folder through its own descriptor: there is no `lchmod` on Linux, and `chmod`
 * would follow a link planted at `path` (T24).
 *
 * @param path The file. This user must be able to read it.
 * @param mode The permission bits.
 */
export async function chmodFile(path: string, mode: number): Promise<void> {
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    await file.chmod(mode);
  } finally {
    await file.close();
  }
}
