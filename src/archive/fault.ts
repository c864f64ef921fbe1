/**
 * What is wrong with an archive, as its parsers tell it: they do not know the archive's name, `archive.ts` does and
 * turns this into `ARCHIVE_INVALID`. The message completes the sentence "Cannot extract app from app.zip: …".
 *
 * @module
 */

/** A defect of an archive. */
export class ArchiveFault extends Error {
  /** Always `"ArchiveFault"`. */
  override readonly name = "ArchiveFault";
}
