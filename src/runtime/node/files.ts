/** The file system through `node:fs`. */

import * as fs from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { FileError } from "../../errors.ts";
import { codeOf, fileError } from "../machine/file_error.ts";
import type { FileInfo, FileSystem, OpenFile, OpenMode } from "../types.ts";
import { chmodFile } from "./chmod_file.ts";
import { freeSpaceOf } from "./free_space.ts";

const IS_WINDOWS = globalThis.process.platform === "win32";

const [fsync, ftruncate, fstat] = [promisify(fs.fsync), promisify(fs.ftruncate), promisify(fs.fstat)];

/**
 * Several processes may append to one file: only the system can put each text behind the others. Windows would not let such
 * a file be cut.
 */
const APPEND = IS_WINDOWS ? 0 : fs.constants.O_APPEND;

/** The file system of the machine. */
export const files: FileSystem = {
  stat,
  open,
  chmod,
  syncDirectory,
  realPath: (path) => attempt("realPath", path, () => fs.promises.realpath(path)),
  link: (existing, path) => attempt("link", path, () => fs.promises.link(existing, path)),
  rename: (from, to) => attempt("rename", to, () => fs.promises.rename(from, to)),
  remove: (path) => attempt("remove", path, () => removeEntry(path)),
  makeDirectory: (path, mode) => attempt("makeDirectory", path, () => makeDirectory(path, mode)),
  list: (path) => attempt("list", path, () => fs.promises.readdir(path)),
  freeSpace: (path) => attempt("freeSpace", path, () => freeSpaceOf(path)),
};

async function stat(path: string): Promise<FileInfo | undefined> {
  try {
    return infoOf(await fs.promises.lstat(path, { bigint: true }));
  } catch (cause) {
    const error = fileError("stat", path, cause);
    if (error.kind === "absent") return undefined;
    throw error;
  }
}

function open(path: string, mode: OpenMode): Promise<OpenFile> {
  return attempt("open", path, async () => {
    const { flags, permissions } = flagsOf(mode);
    const descriptor = await promisify(fs.open)(path, flags, permissions);
    try {
      const info = await fstat(descriptor);
      if (!info.isFile()) throw new FileError("other", "open", path, { cause: notAFile(path) });
      return new NodeFile(descriptor, path, { size: info.size, isShared: (flags & APPEND) !== 0 });
    } catch (error) {
      fs.closeSync(descriptor);
      throw error;
    }
  });
}

/** O_NONBLOCK: opening a named pipe that somebody planted would block for ever (T24). */
function flagsOf(mode: OpenMode): { flags: number; permissions: number } {
  const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants;
  if (mode.access === "read") return { flags: O_RDONLY | O_NONBLOCK, permissions: 0 };
  if (mode.access === "append") return { flags: O_RDWR | APPEND | O_NOFOLLOW | O_NONBLOCK, permissions: 0 };
  return { flags: O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, permissions: mode.mode };
}

class NodeFile implements OpenFile {
  readonly #descriptor: number;
  readonly #path: string;
  #size: number;
  readonly #isShared: boolean;
  #closed = false;

  constructor(
    descriptor: number,
    path: string,
    { size, isShared }: { readonly size: number; readonly isShared: boolean },
  ) {
    this.#descriptor = descriptor;
    this.#path = path;
    this.#size = size;
    this.#isShared = isShared;
  }

  stat(): Promise<FileInfo> {
    const read = promisify<number, { bigint: true }, fs.BigIntStats>(fs.fstat);
    return attempt("stat", this.#path, async () => infoOf(await read(this.#descriptor, { bigint: true })));
  }

  readAt(offset: number, into: Uint8Array): Promise<number> {
    return attempt("readAt", this.#path, () => {
      let filled = 0;
      while (filled < into.length) {
        const count = fs.readSync(this.#descriptor, into, filled, into.length - filled, offset + filled);
        if (count === 0) break;
        filled += count;
      }
      return Promise.resolve(filled);
    });
  }

  append(bytes: Uint8Array): void {
    try {
      for (let written = 0; written < bytes.length;) {
        const position = this.#isShared ? null : this.#size;
        const count = fs.writeSync(this.#descriptor, bytes, written, bytes.length - written, position);
        written += count;
        this.#size += count;
      }
    } catch (cause) {
      throw fileError("append", this.#path, cause);
    }
  }

  truncate(size: number): Promise<void> {
    return attempt("truncate", this.#path, async () => {
      await ftruncate(this.#descriptor, size);
      this.#size = size;
    });
  }

  sync(): Promise<void> {
    return attempt("sync", this.#path, () => fsync(this.#descriptor));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    fs.closeSync(this.#descriptor);
  }
}

async function removeEntry(path: string): Promise<void> {
  const info = await fs.promises.lstat(path);
  await (info.isDirectory() ? fs.promises.rmdir(path) : fs.promises.unlink(path));
}

async function chmod(path: string, mode: number): Promise<void> {
  if (!IS_WINDOWS) await attempt("chmod", path, () => chmodFile(path, mode));
}

/** Not `recursive: true`: on a read-only file system Node 20 answers ENOENT to that. */
async function makeDirectory(path: string, mode: number): Promise<void> {
  try {
    await fs.promises.mkdir(path, { mode });
  } catch (error) {
    if (await isDirectory(path)) return;
    const parent = dirname(path);
    if (codeOf(error) !== "ENOENT" || parent === path) throw error;
    await makeDirectory(parent, mode);
    await makeDirectory(path, mode);
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await fs.promises.stat(path)).isDirectory();
  } catch {
    return false; // What makes it unreadable made it unmakable as well: that error is reported.
  }
}

/** Windows has no such thing; some file systems answer EINVAL (fsync(2)) because they have no such thing either. */
async function syncDirectory(path: string): Promise<void> {
  if (IS_WINDOWS) return;
  await attempt("syncDirectory", path, async () => {
    const directory = await fs.promises.open(path, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
    try {
      await directory.sync();
    } catch (error) {
      if (codeOf(error) !== "EINVAL") throw error;
    } finally {
      await directory.close();
    }
  });
}

function infoOf(info: fs.BigIntStats): FileInfo {
  return {
    kind: kindOf(info),
    size: Number(info.size),
    mode: IS_WINDOWS ? undefined : Number(info.mode & 0o7777n),
    uid: IS_WINDOWS ? undefined : Number(info.uid),
    gid: IS_WINDOWS ? undefined : Number(info.gid),
    identity: `${info.dev}:${info.ino}`,
    modifiedAt: Number(info.mtimeMs),
  };
}

function kindOf(info: fs.BigIntStats): FileInfo["kind"] {
  if (info.isSymbolicLink()) return "symlink";
  if (info.isFile()) return "file";
  return info.isDirectory() ? "directory" : "other";
}

function notAFile(path: string): Error {
  return new Error(`${path} is not a regular file`);
}

async function attempt<T>(operation: string, path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    throw fileError(operation, path, cause);
  }
}
