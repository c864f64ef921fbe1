/**
 * The files of a release: one archive for each executable, and the list of their digests.
 *
 * The same executable gives the same bytes whenever and wherever it is packed.
 *
 * @module
 */

import { zipSync } from "fflate";
import { createTarPacker } from "modern-tar";
import { basename } from "node:path";
import type { Platform } from "./platforms.ts";

const MODE = 0o755;
/** `made by` in a zip entry: Unix, so that its mode counts. */
const ZIP_UNIX = 3;

/**
 * Packs an executable, alone and under its plain name, into an archive of its platform's format.
 *
 * @param executable The executable's path.
 * @param archive The archive's path.
 * @param format The archive's format.
 */
export async function packExecutable(
  executable: string,
  archive: string,
  format: Platform["format"],
): Promise<void> {
  await (format === "zip" ? packZip(executable, archive) : packTarGz(executable, archive));
}

async function packTarGz(executable: string, archive: string): Promise<void> {
  const { readable, controller } = createTarPacker();
  const target = await Deno.create(archive);
  const written = readable.pipeThrough(new CompressionStream("gzip")).pipeTo(target.writable);
  const { size } = await Deno.stat(executable);
  const header = { name: basename(executable), size, mode: MODE, mtime: new Date(0), uid: 0, gid: 0 };
  await (await Deno.open(executable)).readable.pipeTo(controller.add(header));
  controller.finalize();
  await written;
}

/** A zip entry's time is the local one: 1980, the first year it can tell, is 1980 in every time zone. */
async function packZip(executable: string, archive: string): Promise<void> {
  const bytes = await Deno.readFile(executable);
  const attributes = { mtime: new Date(1980, 0, 1), os: ZIP_UNIX, attrs: MODE << 16 };
  await Deno.writeFile(archive, zipSync({ [basename(executable)]: [bytes, attributes] }));
}

/**
 * The text of `checksums.sha256`, as `sha256sum --check` reads it.
 *
 * @param digests Each file's name and its SHA-256 digest.
 */
export function checksums(digests: ReadonlyMap<string, string>): string {
  return [...digests].sort(([a], [b]) => a < b ? -1 : 1).map(([name, digest]) => `${digest}  ${name}\n`).join(
    "",
  );
}
