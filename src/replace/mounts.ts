/**
 * File systems on which nothing can be run.
 *
 * @module
 */

import { isFileError, UpdateError } from "../errors.ts";
import type { Installation } from "../installation.ts";
import type { Runtime } from "../runtime/types.ts";

const TABLE = "/proc/self/mountinfo";
/** A machine with thousands of containers has a table of some megabytes. */
const TABLE_BYTES = 8 * 1024 * 1024;
const CHUNK = 64 * 1024;

/**
 * Refuses an installation on a file system that is mounted `noexec`: the new version could not be tried there. Asked
 * before anything is downloaded, on Linux, where the kernel has a table of its mounts (proc_pid_mountinfo(5)).
 *
 * @param runtime File system.
 * @param installation Where the executable lies.
 * @throws {UpdateError} `REPLACE_FAILED`, which names the mount.
 */
export async function refuseNoexec(
  { fs, os }: Pick<Runtime, "fs" | "os">,
  { folder, executable }: Installation,
): Promise<void> {
  if (os !== "linux") return;
  const mount = mountOf(await readMounts(fs), folder);
  if (mount === undefined || !mount.options.includes("noexec")) return;
  throw new UpdateError(
    "REPLACE_FAILED",
    `Failed to install new binary: nothing can be run in ${folder}: the file system at ${mount.point} is mounted ` +
      `noexec; run 'mount -o remount,exec ${mount.point}', or move the program to another file system`,
    { path: executable, operation: "run" },
  );
}

interface Mount {
  /** Where it is mounted. */
  readonly point: string;
  readonly options: readonly string[];
}

/** The one that a path lies on: the longest that it is below, of equal ones the last, which hides the others. */
function mountOf(table: string, path: string): Mount | undefined {
  let found: Mount | undefined;
  for (const line of table.split("\n")) {
    const [, , , , point, options] = line.split(" ");
    if (point === undefined || options === undefined) continue;
    const mount = { point: unescaped(point), options: options.split(",") };
    if (isBelow(path, mount.point) && mount.point.length >= (found?.point.length ?? 0)) found = mount;
  }
  return found;
}

/** Blanks, tabs, line ends and backslashes are written in octal. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)));
}

function isBelow(path: string, point: string): boolean {
  return path === point || path.startsWith(point.endsWith("/") ? point : `${point}/`);
}

/** The kernel makes the table as it is read, and says that its size is 0. */
async function readMounts(fs: Runtime["fs"]): Promise<string> {
  try {
    const file = await fs.open(TABLE, { access: "read" });
    try {
      const decoder = new TextDecoder();
      const chunk = new Uint8Array(CHUNK);
      let text = "";
      for (let offset = 0; offset < TABLE_BYTES;) {
        const count = await file.readAt(offset, chunk);
        if (count === 0) break;
        text += decoder.decode(chunk.subarray(0, count), { stream: true });
        offset += count;
      }
      return text;
    } finally {
      file.close();
    }
  } catch (error) {
    // A sandbox without /proc: the probe will tell.
    if (isFileError(error)) return "";
    throw error;
  }
}
