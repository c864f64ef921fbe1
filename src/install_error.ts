import { type FileError, isFileError, UpdateError } from "./errors.ts";

/**
 * What a failed file operation means to the person who wants to update.
 *
 * @param error What was caught.
 * @returns An {@link UpdateError} for a {@link FileError}; anything else unchanged.
 */
export function toUpdateError(error: unknown): unknown {
  if (!isFileError(error)) return error;
  const { kind, path, operation } = error;
  if (kind === "denied" || kind === "read-only") {
    return new UpdateError(
      "NOT_WRITABLE",
      `${what(error)}; fix the permissions of its folder or run with the rights to write there`,
      { path },
      { cause: error },
    );
  }
  if (kind === "full") {
    return new UpdateError(
      "DISK_FULL",
      `${what(error)}; make room there and try again`,
      { path, needed: undefined, available: undefined },
      { cause: error },
    );
  }
  return new UpdateError("REPLACE_FAILED", `${what(error)}; nothing was changed`, { path, operation }, {
    cause: error,
  });
}

function what({ kind, operation, path }: FileError): string {
  const reason: Readonly<Record<FileError["kind"], string>> = {
    absent: "it is not there",
    exists: "something is there already",
    denied: "permission denied",
    busy: "it is in use",
    "cross-device": "it is on another file system",
    full: "the disk is full",
    "read-only": "the file system is read-only",
    unsupported: "the file system cannot do that",
    other: "the system refused",
  };
  return `Failed to install new binary: cannot ${operation} ${path}: ${reason[kind]}`;
}
