/**
 * A published release as files in a folder, for servers that serve folders.
 *
 * @module
 */

import { basename, join } from "node:path";
import { publish } from "../../../scripts/demo/release.ts";
import { RELEASE_KEY } from "./compiled_version.ts";
import { executableOf, versions } from "./published.ts";
import type { CompiledFile } from "../../../scripts/compile.ts";

/** What {@link publishInto} has put there. */
export interface PublishedFolder {
  /** The older version's executable. */
  readonly old: CompiledFile;
  /** The newer version's executable. */
  readonly new: CompiledFile;
  /** The newer version's archive. */
  readonly archive: CompiledFile;
}

/**
 * Publishes both compiled versions into a folder; the manifest names the archives relative to itself.
 *
 * @param folder The folder, which must be there.
 */
export async function publishInto(folder: string): Promise<PublishedFolder> {
  const [before, after] = await versions();
  const files = new Map<string, string | { readonly text: string }>();
  const shelf = { base: "", files, requests: [], [Symbol.asyncDispose]: () => Promise.resolve() };
  await publish(shelf, [before, after], RELEASE_KEY);
  for (const [name, file] of files) {
    const path = join(folder, name);
    if (typeof file === "string") await Deno.link(file, path).catch(() => Deno.copyFile(file, path));
    else await Deno.writeTextFile(path, file.text);
  }
  const archive = after.compiled[0]?.archive;
  if (archive === undefined) throw new Error(`Cannot publish ${basename(folder)}: nothing was compiled`);
  return { old: executableOf(before), new: executableOf(after), archive };
}
