import { type FileError, isFileError, UpdateError } from "./errors.ts";
import { folderOf, shellWord } from "./path.ts";

/**
 * What a failed file operation means to the person who wants to update.
 *
 * @param error What was caught.
 * @returns An {@link UpdateError} for a {@link FileError}; anything else unchanged.
 */
export function toUpdateError(error: unknown): unknown {
  if (!isFileError(error)) return error;
  const { kind, path, operation } = error;
  const options = { cause: error };
  if (kind === "denied" || kind === "read-only") {
    const mend = kind === "denied"
      ? "fix the permissions of that folder, or run the update with the rights to write there" +
        orUnlock(error)
      : "mount it writable, or install the new version where it comes from";
    return new UpdateError("NOT_WRITABLE", `${what(error)}; ${mend}`, { path: placeOf(error) }, options);
  }
  if (kind === "full") {
    const details = { path: placeOf(error), needed: undefined, available: undefined };
    return new UpdateError("DISK_FULL", `${what(error)}; make room there and try again`, details, options);
  }
  return new UpdateError(
    "REPLACE_FAILED",
    `${what(error)}; ${aboutMounts(error)}nothing was changed`,
    { path, operation },
    options,
  );
}

/** Not even root may write to what is immutable or append-only: a folder, or a backup in it (ioctl_iflags(2)). */
function orUnlock(error: FileError): string {
  const place = placeOf(error);
  if (!place.startsWith("/")) return "";
  const word = shellWord(place);
  return `; where those are right, look for an attribute i or a with 'lsattr -d ${word}' and 'lsattr ${word}', and take ` +
    "it away with 'chattr -i -a' (macOS: 'ls -lO', 'chflags')";
}

/** A file that is mounted by itself, as containers do, has no name in its folder that could be given to another file. */
function aboutMounts({ kind, operation, path }: FileError): string {
  const isMount = kind === "cross-device" ||
    kind === "busy" && operation === "rename" && path.startsWith("/");
  return isMount ? "if that file is mounted by itself, mount its folder instead; " : "";
}

const REASONS: Readonly<Record<FileError["kind"], string>> = {
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

/** The port's operations in words. */
const WORDS: Readonly<Record<string, string>> = {
  append: "write",
  makeDirectory: "make the folder",
  realPath: "find",
  readAt: "read",
  stat: "look at",
  syncDirectory: "flush",
  sync: "flush",
};

function what(error: FileError): string {
  const { kind, operation } = error;
  const isAboutPlace = kind === "denied" || kind === "read-only" || kind === "full";
  const doing = isAboutPlace ? "write in" : WORDS[operation] ?? operation;
  return `Failed to install new binary: cannot ${doing} ${placeOf(error)}: ${REASONS[kind]}`;
}

/** A file that could not be made says little to a person; the folder it was to be in does. */
function placeOf({ kind, path }: FileError): string {
  const isAboutPlace = kind === "denied" || kind === "read-only" || kind === "full";
  // Where a process cannot be looked at, its number stands in place of a path.
  return isAboutPlace && /[\\/]/.test(path) ? folderOf(path) : path;
}
