/** A folder of a runtime under test, and the few conveniences that the contract needs there. */

import type { FileSystem, OpenFile } from "../runtime/types.ts";
import type { ContractSubject, RegisterTest } from "./contract.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** An empty folder and shorthands for it. */
export interface Folder {
  /** A path below the folder. */
  path(...names: string[]): string;
  /** Makes a file. */
  write(name: string, text: string, mode?: number): Promise<void>;
  /** Reads a file. */
  read(name: string): Promise<string>;
}

/**
 * Makes a shorthand that registers tests each of which gets an empty folder.
 *
 * @param test Registers one test.
 * @param subject The adapter and its surroundings.
 * @returns Registers one such test.
 */
export function folderTests(
  test: RegisterTest,
  subject: ContractSubject,
): (name: string, body: (folder: Folder) => Promise<void>) => void {
  const { fs, os } = subject.runtime;
  return (name, body) => test(name, async () => await body(folderAt(fs, await subject.makeFolder(), os)));
}

/**
 * Closes a file after use, also when the use fails.
 *
 * @param file The file.
 * @param use What to do with it.
 * @returns What `use` returns.
 */
export async function whileOpen<T>(file: OpenFile, use: () => T | Promise<T>): Promise<T> {
  try {
    return await use();
  } finally {
    file.close();
  }
}

/**
 * Makes shorthands for a folder.
 *
 * @param fs The file system.
 * @param root The folder.
 * @param os Whose separator the paths have.
 * @returns The shorthands.
 */
export function folderAt(fs: FileSystem, root: string, os: string): Folder {
  const path = (...names: string[]) => [root, ...names].join(os === "windows" ? "\\" : "/");
  return {
    path,
    async write(name, text, mode = 0o600) {
      const file = await fs.open(path(name), { access: "create", mode });
      await whileOpen(file, () => file.append(encoder.encode(text)));
    },
    async read(name) {
      const file = await fs.open(path(name), { access: "read" });
      return await whileOpen(file, async () => {
        const into = new Uint8Array((await file.stat()).size);
        return decoder.decode(into.subarray(0, await file.readAt(0, into)));
      });
    },
  };
}
