import { digestOf } from "../digest.ts";
import { isFileError } from "../errors.ts";
import type { Runtime } from "../runtime/types.ts";

/**
 * The digest of a file.
 *
 * @param runtime File system.
 * @param path Its path.
 * @returns 64 hexadecimal digits, or `undefined` when there is no file.
 */
export async function fileDigest({ fs }: Pick<Runtime, "fs">, path: string): Promise<string | undefined> {
  try {
    const file = await fs.open(path, { access: "read" });
    try {
      return await digestOf({ size: (await file.stat()).size, readAt: file.readAt.bind(file) });
    } finally {
      file.close();
    }
  } catch (error) {
    if (isFileError(error, "absent")) return undefined;
    throw error;
  }
}
