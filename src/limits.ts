/**
 * Every cap and timeout, with its reason. Sizes in bytes, times in milliseconds.
 *
 * @module
 */

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

/** A manifest with 5,000 versions of 64 assets would be larger; one a person maintains stays far below (T6, T14). */
export const MANIFEST_BYTES = MIB;
/** A root holds a handful of keys (T6). */
export const ROOT_BYTES = 64 * KIB;
/** Sixteen signature blocks of about 300 bytes, with room for long comments (T6). */
export const SIGNATURE_BYTES = 16 * KIB;
/** `checksums.sha256` of 64 assets with long names (T6). */
export const CHECKSUMS_BYTES = 256 * KIB;
/** One page of GitHub's list of releases, 100 releases with notes (T6). */
export const API_PAGE_BYTES = 8 * MIB;

/** The largest archive or executable that is accepted where the manifest names no size (T6, T21). */
export const UNSIZED_BYTES = GIB;
/** The largest expansion accepted where the manifest names no size of the executable (T21). */
export const UNSIZED_RATIO = 200;

/** SemVer sets no limit; a longer one is an attack on the parser or on the screen (T14). */
export const VERSION_LENGTH = 256;
/** Counts beyond which a manifest is refused (T14). */
export const MANIFEST_CHANNELS = 64;
/** See {@link MANIFEST_CHANNELS}. */
export const MANIFEST_VERSIONS = 5000;
/** See {@link MANIFEST_CHANNELS}. */
export const MANIFEST_ASSETS = 64;

/** GitHub needs two redirects for a release asset; the fetch standard's 20 invite loops (T15). */
export const REDIRECTS = 5;
/** From the request to the first byte of the answer (T7). */
export const CONNECT_TIMEOUT = 30 * SECOND;
/** Without a single byte (T7). */
export const IDLE_TIMEOUT = 30 * SECOND;
/** Bytes per second, averaged over {@link RATE_WINDOW}: below it a download is given up (T7). */
export const MINIMUM_RATE = KIB;
/** The window over which {@link MINIMUM_RATE} is averaged (T7). */
export const RATE_WINDOW = MINUTE;

/** How long a probed executable may run: the slowest start seen, an emulated one, took 3 s (T27). */
export const PROBE_TIMEOUT = 10 * SECOND;
/** How much a probed executable may print (T27). */
export const PROBE_OUTPUT_BYTES = 64 * KIB;

/** The record of a replace is about 1 KiB; a larger one is damaged. */
export const RECORD_BYTES = 16 * KIB;
/** State files are a few KiB; a larger one is damaged (T35). */
export const STATE_BYTES = 256 * KIB;
/** How far a manifest's `issued` may lie ahead of this machine's clock (T3). */
export const CLOCK_SKEW = DAY;
/** How long a partial download is kept for resuming. */
export const PARTIAL_AGE = 7 * DAY;

/** How many bytes are read at a time when a file is hashed: 1.6 GB/s measured, against 0.6 at 64 KiB. */
export const READ_CHUNK_BYTES = MIB;
