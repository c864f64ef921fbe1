/**
 * The one folder per user where scripts and tests keep what is costly to make again.
 *
 * It is `CCO_BUILD_CACHE` when that is set, else `cco-build` in the user's cache folder (`$XDG_CACHE_HOME` or
 * `~/.cache`, on Windows `%LocalAppData%`). Nothing in it is needed: it may be removed at any time.
 * Packages from npm are not in it: they live in Deno's own cache, which `DENO_DIR` moves.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { join } from "node:path";

/** The folder, which need not exist yet. */
export function buildCache(): string {
  const own = Deno.env.get("CCO_BUILD_CACHE");
  if (own) return own;
  const home = Deno.env.get("HOME") ?? Deno.env.get("USERPROFILE");
  const caches = Deno.env.get("XDG_CACHE_HOME") || Deno.env.get("LOCALAPPDATA") ||
    (home && join(home, ".cache"));
  if (!caches) {
    throw new Error("Cannot find a cache folder: neither HOME nor CCO_BUILD_CACHE is set. Set one.");
  }
  return join(caches, "cco-build");
}

/**
 * Makes a file or folder of the cache at once: whoever finds it there finds all of it, also when two processes make it
 * at the same time.
 *
 * @param path Where it belongs.
 * @param make Makes it at the path it is given, beside the final one.
 */
export async function makeOnce(path: string, make: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = `${path}.new-${crypto.randomUUID()}`;
  try {
    await make(temporary);
    await moveUnlessThere(temporary, path);
  } finally {
    if (await exists(temporary)) await Deno.remove(temporary, { recursive: true });
  }
}

/** A file takes the place of another one; a folder does not, and then the other process's is as good. */
async function moveUnlessThere(from: string, to: string): Promise<void> {
  try {
    await Deno.rename(from, to);
  } catch (error) {
    if (!await exists(to)) throw error;
  }
}

/** Tells whether there is anything at a path. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The SHA-256 digest of a file, as 64 lower-case hexadecimal digits. */
export async function fileDigest(path: string): Promise<string> {
  using file = await Deno.open(path);
  const hash = createHash("sha256");
  const chunk = new Uint8Array(1 << 20);
  for (let count = await file.read(chunk); count !== null; count = await file.read(chunk)) {
    hash.update(chunk.subarray(0, count));
  }
  return hash.digest("hex");
}
