/**
 * What makes a file more than its bytes: permission bits, owner, group, extended attributes, Linux capabilities.
 *
 * No runtime can read or write attributes and capabilities. GNU `cp` can; where it is missing (BusyBox, macOS) owner and
 * group are compared, and attributes are not carried over.
 *
 * @module
 */

import { isFileError, UpdateError } from "../errors.ts";
import type { Installation } from "../installation.ts";
import type { Runtime } from "../runtime/types.ts";

/** What carrying identity over needs of a runtime. */
export type IdentityRuntime = Pick<Runtime, "fs" | "os" | "run" | "random">;

/** Permission bits only: a new file is never setuid, whatever the old one was (T25). */
const PERMISSIONS = 0o777;
const COPY_TIMEOUT = 10_000;

/**
 * Gives a new file the identity of the installed one.
 *
 * @param runtime File system and processes.
 * @param installation Where the installed executable lies.
 * @param path The new file, completely written: writing to it later would drop its capabilities.
 * @throws {UpdateError} `PRIVILEGED_TARGET` when that cannot be done.
 * @throws {FileError} When the permission bits cannot be set.
 */
export async function keepIdentity(
  runtime: IdentityRuntime,
  { executable }: Installation,
  path: string,
): Promise<void> {
  const { fs } = runtime;
  const old = await fs.stat(executable);
  if (old?.mode === undefined) return;
  await fs.chmod(path, old.mode & PERMISSIONS);
  if (runtime.os === "linux" && await copyAttributes(runtime, executable, path)) return;
  const fresh = await fs.stat(path);
  if (fresh?.uid === old.uid && fresh?.gid === old.gid) return;
  throw lost(executable, `a new file would belong to ${fresh?.uid}:${fresh?.gid}, not ${old.uid}:${old.gid}`);
}

/** Whether GNU `cp` was there to do it. */
async function copyAttributes(runtime: IdentityRuntime, from: string, to: string): Promise<boolean> {
  const args = ["--attributes-only", "--preserve=ownership,xattr", "--", from, to];
  try {
    const result = await runtime.run("/bin/cp", {
      args,
      env: { LC_ALL: "C" },
      timeout: COPY_TIMEOUT,
      maxOutputBytes: 4096,
    });
    if (result.exitCode === 0) return true;
    const said = new TextDecoder().decode(result.stderr).trim();
    // BusyBox does not know these options.
    if (/unrecognized option|BusyBox/.test(said)) return false;
    throw lost(from, said.split("\n")[0] ?? "its attributes cannot be copied");
  } catch (error) {
    if (isFileError(error)) return false;
    throw error;
  }
}

function lost(path: string, reason: string): UpdateError<"PRIVILEGED_TARGET"> {
  return new UpdateError(
    "PRIVILEGED_TARGET",
    `Failed to install new binary: ${path} would lose what it has: ${reason}; install the new version by hand, or ` +
      "run the update with the rights to keep it",
    { path, reason },
  );
}
