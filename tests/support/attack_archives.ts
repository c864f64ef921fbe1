/**
 * Hostile, damaged and merely unusual archives, each with what must come of it. All are made byte by byte by
 * `tar_archive.ts` and `zip_archive.ts`.
 *
 * @module
 */

import type { Attack } from "./attack.ts";
import { GZIP_ATTACKS, TAR_ATTACKS } from "./attack_tars.ts";
import { TAR_EXTENSION_ATTACKS } from "./attack_tar_extensions.ts";
import { TAR_HEADER_ATTACKS } from "./attack_tar_headers.ts";
import { ZIP_ATTACKS } from "./attack_zips.ts";
import { ZIP_RECORD_ATTACKS } from "./attack_zip_records.ts";

export { type Attack, ENTRY, MAX_BYTES, OTHER, type Outcome, PAYLOAD } from "./attack.ts";

/** All of them, by the format they pretend to have. */
export const ATTACK_ARCHIVES: Readonly<Record<"tar.gz" | "zip", readonly Attack[]>> = {
  "tar.gz": [...TAR_ATTACKS, ...TAR_HEADER_ATTACKS, ...TAR_EXTENSION_ATTACKS, ...GZIP_ATTACKS],
  "zip": [...ZIP_ATTACKS, ...ZIP_RECORD_ATTACKS],
};
