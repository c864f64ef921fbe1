/**
 * Which file is installed, told from what may be put in its place later.
 *
 * @module
 */

import type { Runtime } from "../../machine.ts";

const CHUNK = 1024 * 1024;

/**
 * The digest of an executable, read piece by piece: it may be a hundred megabytes.
 *
 * @param runtime File system.
 * @param path Its path; links are followed.
 * @returns SHA-256 as 64 hexadecimal digits.
 * @throws {FileError} When it cannot be read.
 */
export async function executableDigest({ fs }: Pick<Runtime, "fs">, path: string): Promise<string> {
  const { createHash } = await import("node:crypto");
  const hash = createHash("sha256");
  const file = await fs.open(path, { access: "read" });
  try {
    const chunk = new Uint8Array(CHUNK);
    let offset = 0;
    for (let count = await file.readAt(0, chunk); count > 0; count = await file.readAt(offset, chunk)) {
      hash.update(chunk.subarray(0, count));
      offset += count;
    }
    return hash.digest("hex");
  } finally {
    file.close();
  }
}
