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
/** What an archive may hold besides the wanted file: it has to be decompressed on the way (T21). */
export const ARCHIVE_OTHER_BYTES = GIB;
/** The central directory of a zip file of about 80,000 entries; an honest archive has a handful (T21). */
export const ARCHIVE_DIRECTORY_BYTES = 8 * MIB;
/** An extended tar header holds names and attributes of one file (T21). */
export const ARCHIVE_RECORD_BYTES = MIB;
/** How many names an error lists of those that were found instead of the wanted one. */
export const ARCHIVE_NAMES = 10;
/** How many bytes are decompressed at a time: with 256 KiB a peak of 28 MiB more was measured in Deno, for no more speed. */
export const INFLATE_CHUNK_BYTES = 64 * KIB;

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
/** For what accompanies a refusal: only GitHub's says something, and it comes with the headers (T7). */
export const REFUSAL_PATIENCE = 2 * SECOND;
/** Bytes per second, averaged over {@link RATE_WINDOW}: below it a download is given up (T7). */
export const MINIMUM_RATE = KIB;
/** The window over which {@link MINIMUM_RATE} is averaged (T7). */
export const RATE_WINDOW = MINUTE;
/** How often a failed request is tried again: with the pauses below, about 4 s of trying. */
export const RETRIES = 3;
/** The longest first pause between two attempts; it doubles with each one, and chance picks a part of it. */
export const BACKOFF = SECOND / 2;
/** The longest pause between two attempts that nobody asked for. */
export const BACKOFF_LIMIT = 30 * SECOND;
/** The longest pause a server can ask for that is waited out; beyond it the caller is told when to come back. */
export const PATIENCE = 30 * SECOND;
/** The pause after a refusal that names none (GitHub asks for at least a minute). */
export const UNNAMED_PAUSE = MINUTE;
/** The longest pause a server is believed: one that says "in ten years" must not end updates for good. */
export const PAUSE_LIMIT = DAY;
/** The pause after a background check that failed; it doubles with each further one, up to the interval. */
export const CHECK_BACKOFF = 15 * MINUTE;
/** The shortest time between two background checks: more would be a load on the publisher's server. */
export const CHECK_INTERVAL = MINUTE;
/** How long the other sources are waited for once one has given a manifest: one that hangs delays nobody (T8). */
export const SOURCE_GRACE = SECOND;
/** Pages of GitHub's list of releases, 100 releases each; older ones are nobody's next version. */
export const API_PAGES = 10;
/** Releases whose `checksums.sha256` is fetched where GitHub's API has to serve as the manifest. */
export const CHECKED_RELEASES = 10;
/** How many bytes a broken download must have brought to count as progress and earn a fresh set of retries. */
export const PROGRESS_BYTES = 64 * KIB;

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
/** How many bytes of a download are taken at a time, into the same buffer: flat memory, and faster than many small ones. */
export const BODY_CHUNK_BYTES = 256 * KIB;

/** How many previous versions are kept unless the caller says otherwise: the way back from the last update. */
export const KEEP_BACKUPS = 1;

/** More previous versions than this are a mistake: each is as large as the program. */
export const MOST_BACKUPS = 100;

/** At this size the audit trail is put aside and a new one begun: some thousand attempts, and one older file. */
export const AUDIT_BYTES = MIB;
