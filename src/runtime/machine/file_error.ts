/** Translates a runtime's file system errors to the kinds of {@link FileError}, by the codes that all runtimes share. */

import { FileError, type FileErrorKind } from "../../errors.ts";

const KIND_OF_CODE: Readonly<Record<string, FileErrorKind>> = {
  ENOENT: "absent",
  // A file where the path needs a directory: nothing can be there.
  ENOTDIR: "absent",
  EEXIST: "exists",
  EACCES: "denied",
  EPERM: "denied",
  EBUSY: "busy",
  ETXTBSY: "busy",
  EXDEV: "cross-device",
  ENOSPC: "full",
  EDQUOT: "full",
  EFBIG: "full",
  EROFS: "read-only",
  ENOSYS: "unsupported",
  ENOTSUP: "unsupported",
  EOPNOTSUPP: "unsupported",
  ENOEXEC: "unsupported",
  EMLINK: "unsupported",
};

/** Deno's error classes, for the errors to which it gives no code. */
const KIND_OF_NAME: Readonly<Record<string, FileErrorKind>> = {
  NotFound: "absent",
  NotADirectory: "absent",
  AlreadyExists: "exists",
  PermissionDenied: "denied",
  NotCapable: "denied",
  Busy: "busy",
  NotSupported: "unsupported",
};

/** The system's own numbers, for Deno's errors of starting a program, which have neither code nor class. */
const KIND_OF_NUMBER: Readonly<Record<string, FileErrorKind>> = {
  "Exec format error (os error 8)": "unsupported",
  "Bad CPU type in executable (os error 86)": "unsupported",
  "Text file busy (os error 26)": "busy",
  "(os error 32)": "busy",
  "(os error 193)": "unsupported",
  "(os error 216)": "unsupported",
};

/**
 * Wraps a runtime's error in a {@link FileError} of the right kind.
 *
 * @param operation The port's operation that failed.
 * @param path The path it failed on.
 * @param cause The runtime's own error.
 * @returns The error to throw; `cause` itself when it is a `FileError` already.
 */
export function fileError(operation: string, path: string, cause: unknown): FileError {
  if (cause instanceof FileError) return cause;
  return new FileError(kindOf(operation, cause), operation, path, { cause });
}

/**
 * Reads the error code that Node, Bun and Deno put on their errors.
 *
 * @param error Anything that was caught.
 * @returns The code, such as `ENOENT`.
 */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

function kindOf(operation: string, cause: unknown): FileErrorKind {
  const code = codeOf(cause);
  // link(2) says EPERM for a file system without hard links; a folder without write permission is EACCES.
  if (operation === "link" && code === "EPERM") return "unsupported";
  const kind = code === undefined ? undefined : KIND_OF_CODE[code];
  if (kind !== undefined) return kind;
  if (!(cause instanceof Error)) return "other";
  return KIND_OF_NAME[cause.name] ?? kindOfMessage(cause.message);
}

function kindOfMessage(message: string): FileErrorKind {
  for (const [ending, kind] of Object.entries(KIND_OF_NUMBER)) {
    if (message.includes(ending)) return kind;
  }
  return "other";
}
