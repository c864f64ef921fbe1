/**
 * A file in each of the formats.
 *
 * @module
 */

import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { ArchiveFormat } from "../../src/archive_format.ts";
import { ENTRY } from "./attack.ts";
import { tarGz } from "./tar_archive.ts";
import { zip } from "./zip_archive.ts";

/** Packs a file, in archives under the name of {@link ENTRY}. */
export function packed(format: ArchiveFormat, content: Uint8Array): Uint8Array {
  switch (format) {
    case "tar.gz":
      return tarGz({ name: ENTRY, content });
    case "zip":
      return zip([{ name: ENTRY, content }]);
    case "gz":
      return new Uint8Array(gzipSync(content));
    case "br":
      return new Uint8Array(brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }));
    case "raw":
      return content;
  }
}
