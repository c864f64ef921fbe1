/**
 * How executables are packed. Every check reads it in the manifest; what unpacks is loaded by installing alone.
 *
 * @module
 */

/** How an executable is packed: in an archive with others, compressed by itself, or not at all (`raw`). */
export type ArchiveFormat = "tar.gz" | "zip" | "gz" | "br" | "raw";

const SUFFIXES: readonly (readonly [string, ArchiveFormat])[] = [
  [".tar.gz", "tar.gz"],
  [".tgz", "tar.gz"],
  [".zip", "zip"],
  [".gz", "gz"],
  [".br", "br"],
];

/**
 * The format that a file name stands for.
 *
 * @param name A file name or the path of an address.
 * @returns The format; `raw` for every suffix that is not known.
 */
export function formatOf(name: string): ArchiveFormat {
  const lower = name.toLowerCase();
  return SUFFIXES.find(([suffix]) => lower.endsWith(suffix))?.[1] ?? "raw";
}
