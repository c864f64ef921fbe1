/** The file system through Deno's own API. */

import { FileError, isFileError } from "../../errors.ts";
import { codeOf, fileError } from "../machine/file_error.ts";
import type { FileInfo, FileSystem, OpenFile, OpenMode } from "../types.ts";

/** The file system of the machine. */
export const denoFiles: FileSystem = {
  stat,
  open,
  list,
  syncDirectory,
  freeSpace,
  chmod,
  realPath: (path) => attempt("realPath", path, () => Deno.realPath(path)),
  link: (existing, path) => attempt("link", path, () => Deno.link(existing, path)),
  rename: (from, to) => attempt("rename", to, () => Deno.renameSync(from, to)),
  remove: (path) => attempt("remove", path, () => Deno.remove(path)),
  makeDirectory: (path, mode) =>
    attempt("makeDirectory", path, () => Deno.mkdir(path, { recursive: true, mode })),
};

// Looking at a file, making one or renaming it takes a few hundredths of a millisecond, handing that to another thread
// and back ten times as much.

async function stat(path: string): Promise<FileInfo | undefined> {
  try {
    return await attempt("stat", path, () => infoOf(Deno.lstatSync(path)));
  } catch (error) {
    if (isFileError(error, "absent")) return undefined;
    throw error;
  }
}

function open(path: string, mode: OpenMode): Promise<OpenFile> {
  return attempt("open", path, () => {
    if (mode.access === "read") return openToRead(path);
    if (mode.access === "append") return openToAppend(path);
    return openNew(path, mode.mode);
  });
}

async function openToRead(path: string): Promise<OpenFile> {
  // Opening a named pipe that somebody planted would block for ever (T24).
  if (!Deno.statSync(path).isFile) throw new FileError("other", "open", path, { cause: notAFile(path) });
  // Not in this thread: should one be put there since, Ctrl-C still works.
  return new DenoFile(await Deno.open(path, { read: true }), path);
}

/** Deno has no O_NOFOLLOW; comparing what was opened with what is at the path shows a link as well (T24). */
async function openToAppend(path: string): Promise<OpenFile> {
  if (!(await Deno.lstat(path)).isFile) throw new FileError("other", "open", path, { cause: notAFile(path) });
  // Several processes may append to one file: only the system can put each text behind the others (O_APPEND).
  const access = Deno.build.os === "windows" ? { write: true } : { append: true };
  const file = await Deno.open(path, { read: true, ...access });
  try {
    const [there, opened] = [infoOf(await Deno.lstat(path)), infoOf(await file.stat())];
    if (there.kind !== "file" || there.identity !== opened.identity) {
      throw new FileError("other", "open", path, { cause: notAFile(path) });
    }
    return new DenoFile(file, path);
  } catch (error) {
    file.close();
    throw error;
  }
}

/** What did not exist is no pipe that could block (T24). */
function openNew(path: string, mode: number): OpenFile {
  return new DenoFile(Deno.openSync(path, { read: true, write: true, createNew: true, mode }), path);
}

class DenoFile implements OpenFile {
  readonly #file: Deno.FsFile;
  readonly #path: string;
  #closed = false;

  constructor(file: Deno.FsFile, path: string) {
    this.#file = file;
    this.#path = path;
  }

  stat(): Promise<FileInfo> {
    return attempt("stat", this.#path, () => infoOf(this.#file.statSync()));
  }

  /** Seeking and reading in one turn: the position belongs to the file, and others may read and write meanwhile. */
  readAt(offset: number, into: Uint8Array): Promise<number> {
    return attempt("readAt", this.#path, () => {
      this.#file.seekSync(offset, Deno.SeekMode.Start);
      let filled = 0;
      while (filled < into.length) {
        const count = this.#file.readSync(into.subarray(filled));
        if (count === null || count === 0) break;
        filled += count;
      }
      return Promise.resolve(filled);
    });
  }

  append(bytes: Uint8Array): void {
    try {
      this.#file.seekSync(0, Deno.SeekMode.End);
      for (let written = 0; written < bytes.length;) {
        written += this.#file.writeSync(bytes.subarray(written));
      }
    } catch (cause) {
      throw fileError("append", this.#path, cause);
    }
  }

  truncate(size: number): Promise<void> {
    return attempt("truncate", this.#path, () => this.#file.truncate(size));
  }

  sync(): Promise<void> {
    return attempt("sync", this.#path, () => this.#file.sync());
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#file.close();
  }
}

function list(path: string): Promise<string[]> {
  return attempt("list", path, async () => {
    const names = [];
    for await (const entry of Deno.readDir(path)) names.push(entry.name);
    return names;
  });
}

/** Windows has no such thing; some file systems answer EINVAL (fsync(2)) because they have no such thing either. */
async function syncDirectory(path: string): Promise<void> {
  if (isWindows()) return;
  await attempt("syncDirectory", path, async () => {
    const directory = await Deno.open(path, { read: true });
    try {
      await directory.sync();
    } catch (error) {
      if (codeOf(error) !== "EINVAL") throw error;
    } finally {
      directory.close();
    }
  });
}

function freeSpace(path: string): Promise<number | undefined> {
  return attempt("freeSpace", path, async () => {
    const { freeSpaceOf } = await import("../node/free_space.ts");
    return await freeSpaceOf(path);
  });
}

/** Deno's own chmod follows links; through a descriptor opened without following it cannot be led astray (T24). */
async function chmod(path: string, mode: number): Promise<void> {
  if (isWindows()) return;
  await attempt("chmod", path, async () => {
    const { chmodFile } = await import("../node/chmod_file.ts");
    await chmodFile(path, mode);
  });
}

function infoOf(info: Deno.FileInfo): FileInfo {
  return {
    kind: info.isSymlink ? "symlink" : info.isFile ? "file" : info.isDirectory ? "directory" : "other",
    size: info.size,
    mode: isWindows() || info.mode === null ? undefined : info.mode & 0o7777,
    uid: isWindows() ? undefined : info.uid ?? undefined,
    gid: isWindows() ? undefined : info.gid ?? undefined,
    identity: identityOf(info),
    modifiedAt: info.mtime?.getTime() ?? 0,
  };
}

/** Numbers beyond 2^53 (ReFS, some network file systems) have lost digits: two files would seem to be one. */
function identityOf({ dev, ino }: Deno.FileInfo): string | undefined {
  return Number.isSafeInteger(ino) && Number.isSafeInteger(dev) ? `${dev}:${ino}` : undefined;
}

function notAFile(path: string): Error {
  return new Error(`${path} is not a regular file`);
}

async function attempt<T>(operation: string, path: string, act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    throw fileError(operation, path, cause);
  }
}

/** Asked when needed, not at the top: in Node this module is loaded too, and there is no Deno. */
function isWindows(): boolean {
  return Deno.build.os === "windows";
}
