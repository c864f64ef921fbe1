/**
 * What makes a file more than its bytes: permission bits, owner, group, extended attributes, the SELinux label, Linux
 * capabilities.
 *
 * No runtime can read or write attributes, label and capabilities. GNU `cp` can, all of them. Where it is missing
 * (BusyBox, macOS) owner and group are compared, the label is copied by `chcon` where the kernel has SELinux, and other
 * attributes are not carried over.
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
/** There where the kernel has SELinux and a policy is loaded. */
const SELINUX = "/sys/fs/selinux/enforce";

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
  if (fresh?.uid === old.uid && fresh?.gid === old.gid) return await copyLabel(runtime, executable, path);
  throw lost(executable, `a new file would belong to ${fresh?.uid}:${fresh?.gid}, not ${old.uid}:${old.gid}`);
}

/** Whether GNU `cp` was there to do it. The label is an attribute too: `security.selinux`. */
async function copyAttributes(runtime: IdentityRuntime, from: string, to: string): Promise<boolean> {
  const args = ["--attributes-only", "--preserve=ownership,xattr", "--", from, to];
  const said = await complaint(runtime, ["/bin/cp"], args);
  // BusyBox does not know these options.
  if (said === undefined || /unrecognized option|BusyBox/.test(said)) return false;
  if (said !== "") throw lost(from, said);
  return true;
}

/** A program with another label may do other things, or nothing: the kernel asks its policy by that. */
async function copyLabel(runtime: IdentityRuntime, from: string, to: string): Promise<void> {
  if (runtime.os !== "linux" || await runtime.fs.stat(SELINUX) === undefined) return;
  const said = await complaint(runtime, ["/bin/chcon", "/usr/bin/chcon"], [`--reference=${from}`, to]);
  if (said === "") return;
  throw lost(from, said ?? "its SELinux label cannot be copied: there is neither GNU cp nor chcon");
}

/** What a program says when it fails, nothing when it does not; `undefined` when there is no such program. */
async function complaint(
  runtime: IdentityRuntime,
  places: readonly string[],
  args: readonly string[],
): Promise<string | undefined> {
  for (const path of places) {
    try {
      const limits = { timeout: COPY_TIMEOUT, maxOutputBytes: 4096 };
      const { exitCode, stderr } = await runtime.run(path, { args, env: { LC_ALL: "C" }, ...limits });
      const said = new TextDecoder().decode(stderr).trim().split("\n")[0]!;
      return exitCode === 0 ? "" : said || "its attributes cannot be copied";
    } catch (error) {
      if (!isFileError(error)) throw error;
    }
  }
  return undefined;
}

function lost(path: string, reason: string): UpdateError<"PRIVILEGED_TARGET"> {
  return new UpdateError(
    "PRIVILEGED_TARGET",
    `Failed to install new binary: ${path} would lose what it has: ${reason}; install the new version by hand, or ` +
      "run the update with the rights to keep it",
    { path, reason },
  );
}
