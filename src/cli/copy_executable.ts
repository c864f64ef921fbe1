/**
 * Executables, copied and compared.
 *
 * @module
 */

import type { FileSystem, Runtime } from "../../machine.ts";

const CHUNK = 1024 * 1024;

/**
 * Copies an executable, a whole file under a name of its own first: nobody ever starts half of one.
 *
 * @param runtime File system and randomness.
 * @param source The executable.
 * @param target Its new place; a file there is replaced.
 */
export async function copyExecutable({ fs, random }: Runtime, source: string, target: string): Promise<void> {
  const name = Array.from(random(8), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const temporary = `${target}.${name}.tmp`;
  const from = await fs.open(source, { access: "read" });
  try {
    const to = await fs.open(temporary, { access: "create", mode: 0o755 });
    try {
      const chunk = new Uint8Array(CHUNK);
      for (let offset = 0;;) {
        const count = await from.readAt(offset, chunk);
        if (count === 0) break;
        to.append(chunk.subarray(0, count));
        offset += count;
      }
      await to.sync();
    } finally {
      to.close();
    }
    await fs.chmod(temporary, 0o755);
    await fs.rename(temporary, target);
    await fs.syncDirectory(folderOf(target));
  } catch (error) {
    await fs.remove(temporary).catch(() => {});
    throw error;
  } finally {
    from.close();
  }
}

/**
 * Tells whether two files are one, or hold the same bytes.
 *
 * @param fs File system.
 * @param a A file.
 * @param b Another.
 * @returns Whether they are.
 */
export async function isSameFile(fs: FileSystem, a: string, b: string): Promise<boolean> {
  if (a === b) return true;
  const [left, right] = await Promise.all([fs.open(a, { access: "read" }), fs.open(b, { access: "read" })]);
  try {
    const [one, two] = await Promise.all([left.stat(), right.stat()]);
    if (one.identity !== undefined && one.identity === two.identity) return true;
    if (one.size !== two.size) return false;
    const [here, there] = [new Uint8Array(CHUNK), new Uint8Array(CHUNK)];
    for (let offset = 0;;) {
      const [count, other] = await Promise.all([left.readAt(offset, here), right.readAt(offset, there)]);
      if (count !== other) return false;
      if (count === 0) return true;
      for (let index = 0; index < count; index++) if (here[index] !== there[index]) return false;
      offset += count;
    }
  } finally {
    left.close();
    right.close();
  }
}

function folderOf(path: string): string {
  return path.slice(0, path.search(/[\\/][^\\/]*$/));
}
