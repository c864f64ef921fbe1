/**
 * What can go wrong, as one table: {@link UpdateErrorDetails} lists every code with the facts that come with it.
 *
 * The caller's mistakes are `TypeError` and `RangeError`; the world's are {@link UpdateError}.
 *
 * @module
 */

/** Every error code with the typed facts it carries, grouped by what the caller can do next. */
export interface UpdateErrorDetails {
  /** Try later: the address could not be reached, or the connection broke and all retries were used up. */
  NETWORK: { url: string; attempts: number };
  /** Try later: the server went silent, or sent too slowly for too long. */
  TIMEOUT: { url: string; phase: "connect" | "idle" | "rate"; milliseconds: number };
  /** Try later, or tell the publisher: the server answered with this status. */
  HTTP_STATUS: { url: string; status: number };
  /** Try after `until` (milliseconds since the epoch): the server asks for a pause. */
  RATE_LIMITED: { url: string; until: number };
  /** Tell the publisher: an address or redirect that is not followed (RFC 9110 section 15.4; T15). */
  ADDRESS_REFUSED: { url: string; reason: string };
  /** Tell the publisher: more bytes than `limit` arrived (T6). */
  TOO_LARGE: { what: string; limit: number; source: string };

  /** Tell the publisher: the manifest breaks its schema at the JSON `path`. */
  MANIFEST_INVALID: { source: string; path: string; expected: string };
  /** Update by hand: the manifest is of a newer schema than this program reads. */
  MANIFEST_TOO_NEW: { source: string; schema: number; supported: number };
  /** Do not install: the manifest or a root is not vouched for. `reason` says which check failed. */
  UNTRUSTED: { source: string; reason: UntrustedReason };
  /** Choose another channel: the manifest has no such channel, or it points at a version that is not there. */
  CHANNEL_MISSING: { channel: string; available: string[] };
  /** Choose another version: the manifest does not have this one. */
  VERSION_MISSING: { version: string; available: string[] };
  /** Ask for it explicitly: the wanted version is older than the installed one (T2). */
  DOWNGRADE: { from: string; to: string };
  /** Nothing to be done on this machine: the release has no file for it. */
  ASSET_MISSING: { target: string; os: string; arch: string; version: string; available: string[] };

  /** Retry, then tell the publisher: the bytes are not the ones the manifest names. */
  DIGEST_MISMATCH: { expected: string; actual: string; file: string; source: string };
  /** Tell the publisher: the size is not the one the manifest names. */
  SIZE_MISMATCH: { expected: number; actual: number; file: string; source: string };
  /** Tell the publisher: the archive is damaged or has entries that are refused (T19 to T21). */
  ARCHIVE_INVALID: { archive: string; reason: string };
  /** Tell the publisher: the archive does not hold the executable under its signed name. */
  BINARY_NOT_FOUND: { archive: string; entry: string; found: string[] };
  /** Tell the publisher: the executable does not run here, or is not the version it should be. */
  PROBE_FAILED: { executable: string; reason: string; exitCode: number | undefined; lastLine: string };

  /** Fix permissions: nothing can be written at `path`. */
  NOT_WRITABLE: { path: string };
  /** Make room: bytes needed and bytes available at `path`. */
  DISK_FULL: { path: string; needed: number | undefined; available: number | undefined };
  /** Wait: another process updates this executable. */
  UPDATE_IN_PROGRESS: { pid: number; record: string };
  /** Use `command`: a package manager owns this installation (T26). */
  MANAGED_INSTALL: { path: string; manager: string; command: string };
  /** Install by hand: replacing the file would lose rights it has (T25). */
  PRIVILEGED_TARGET: { path: string; reason: string };
  /** Fix permissions: others can write to the folder of the executable (T23). */
  UNSAFE_DIRECTORY: { path: string; reason: string };
  /** Look for an intruder: a file changed between its verification and its use (T22). */
  TAMPERED: { path: string };
  /** Nothing was changed: an operation on `path` failed for another reason. */
  REPLACE_FAILED: { path: string; operation: string };
  /** Nothing to go back to. */
  NO_BACKUP: { path: string; wanted: string | undefined };
  /** Stop and tell a human: neither the old nor the new executable could be put in place. */
  ROLLBACK_FAILED: { executable: string; backup: string; record: string; staged: string | undefined };
}

/** Which check of the trust rules refused (specified in `docs/trust.md`). */
export type UntrustedReason =
  | "unsigned"
  | "malformed-signature"
  | "unknown-key"
  | "bad-signature"
  | "threshold"
  | "wrong-purpose"
  | "wrong-app"
  | "replayed"
  | "equivocation"
  | "expired"
  | "issued-in-future"
  | "root-invalid"
  | "root-expired";

/** The codes of {@link UpdateErrorDetails}: stable across releases, made to be tested by programs. */
export type UpdateErrorCode = keyof UpdateErrorDetails;

/** An {@link UpdateError} whose `details` narrow when its `code` is tested. */
export type AnyUpdateError = { [C in UpdateErrorCode]: UpdateError<C> }[UpdateErrorCode];

/**
 * A failure of the world outside the program: network, publisher, disk.
 *
 * `message` says what failed, why, and what to do; it holds no credentials and no query strings.
 * Test `code`, not the message.
 *
 * @example Tell a digest mismatch from other failures
 * ```ts
 * import { isUpdateError, UpdateError } from "@cco/updater";
 * import assert from "node:assert/strict";
 *
 * const error: unknown = new UpdateError("NOT_WRITABLE", "Cannot write to /opt", { path: "/opt" });
 * assert(isUpdateError(error) && error.code === "NOT_WRITABLE");
 * assert.equal(error.details.path, "/opt");
 * ```
 */
export class UpdateError<C extends UpdateErrorCode = UpdateErrorCode> extends Error {
  /** Always `"UpdateError"`. */
  override readonly name = "UpdateError";
  /** Which failure this is. */
  readonly code: C;
  /** The facts of this failure. */
  readonly details: UpdateErrorDetails[C];

  /**
   * Makes one.
   *
   * @param code Which failure this is.
   * @param message What failed, why, and what to do.
   * @param details The facts of this failure.
   * @param options The error that caused this one, as `cause`.
   */
  constructor(code: C, message: string, details: UpdateErrorDetails[C], options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}

/**
 * Tells whether a value is an {@link UpdateError}, and narrows it so that `switch (error.code)` types `details`.
 *
 * @param error Anything that was caught.
 * @returns Whether it is an `UpdateError`.
 */
export function isUpdateError(error: unknown): error is AnyUpdateError {
  return error instanceof UpdateError;
}

/** The few kinds of file system failure that the steps tell apart. */
export type FileErrorKind =
  | "absent"
  | "exists"
  | "denied"
  | "busy"
  | "cross-device"
  | "full"
  | "read-only"
  | "unsupported"
  | "other";

/** A failed operation on a path, as every file system adapter reports it; the runtime's own error is `cause`. */
export class FileError extends Error {
  /** Always `"FileError"`. */
  override readonly name = "FileError";
  /** What kind of failure this is. */
  readonly kind: FileErrorKind;
  /** The port's operation that failed, such as `rename`. */
  readonly operation: string;
  /** The path it failed on. */
  readonly path: string;

  /**
   * Makes one.
   *
   * @param kind What kind of failure this is.
   * @param operation The port's operation that failed.
   * @param path The path it failed on.
   * @param options The runtime's own error, as `cause`.
   */
  constructor(kind: FileErrorKind, operation: string, path: string, options?: ErrorOptions) {
    const cause = options?.cause;
    const why = cause instanceof Error ? `: ${cause.message}` : "";
    super(`Cannot ${operation} ${path} (${kind})${why}`, options);
    this.kind = kind;
    this.operation = operation;
    this.path = path;
  }
}

/**
 * Tells whether a value is a {@link FileError}, optionally of one of some kinds.
 *
 * @param error Anything that was caught.
 * @param kinds The kinds to accept; any when none is given.
 * @returns Whether it is one.
 */
export function isFileError(error: unknown, ...kinds: FileErrorKind[]): error is FileError {
  return error instanceof FileError && (kinds.length === 0 || kinds.includes(error.kind));
}
