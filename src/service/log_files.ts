/**
 * Which files a log has.
 *
 * @module
 */

import { type FileSystem, isFileError } from "../../machine.ts";

const OLDER = /^cco-\d{8}T\d{6}Z(?:-\d+)?\.log$/;

/** The file that grows. */
export function logFileIn(folder: string): string {
  return inFolder(folder, "cco.log");
}

/** The files that were put aside, oldest first. */
export async function olderLogs(fs: FileSystem, folder: string): Promise<string[]> {
  try {
    const names = (await fs.list(folder)).filter((name) => OLDER.test(name));
    return names.sort(byAge).map((name) => inFolder(folder, name));
  } catch (error) {
    if (isFileError(error, "absent")) return [];
    throw error;
  }
}

/** A free name for a file that is put aside. */
export async function olderLogName(fs: FileSystem, folder: string, now: number): Promise<string> {
  const stamp = new Date(now).toISOString().replace(/[-:]|\.\d+/g, "");
  for (let number = 0;; number++) {
    const name = inFolder(folder, `cco-${stamp}${number === 0 ? "" : `-${number}`}.log`);
    if (await fs.stat(name) === undefined) return name;
  }
}

/** Those of the same second by their number. */
function byAge(a: string, b: string): number {
  const [left, right] = [a, b].map((name) => {
    const [, stamp = "", number = "0"] = /^cco-(\w+?)(?:-(\d+))?\.log$/.exec(name) ?? [];
    return { stamp, number: Number(number) };
  });
  return left!.stamp.localeCompare(right!.stamp) || left!.number - right!.number;
}

function inFolder(folder: string, name: string): string {
  return `${folder}${folder.includes("\\") ? "\\" : "/"}${name}`;
}
