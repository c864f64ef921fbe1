/**
 * The ports: everything the library asks of the JavaScript runtime and the machine, as interfaces only.
 *
 * An adapter offers bytes and facts; convenience lives above it. Every adapter, users' own included, must pass the
 * contract suite of `@cco/updater/testing`.
 *
 * @module
 */

/** What {@link FileSystem.stat} tells about a path. Links are not followed. */
export interface FileInfo {
  /** What is there. */
  readonly kind: "file" | "directory" | "symlink" | "other";
  /** Size in bytes. */
  readonly size: number;
  /** Permission bits, `0o7777` at most; `undefined` where the system has none (Windows). */
  readonly mode: number | undefined;
  /** Owner's numeric id; `undefined` where the system has none. */
  readonly uid: number | undefined;
  /** Group's numeric id; `undefined` where the system has none. */
  readonly gid: number | undefined;
  /** Device and file number as text, equal exactly for the same file; `undefined` where unknown. */
  readonly identity: string | undefined;
  /** Last change of the content, in milliseconds since the epoch. */
  readonly modifiedAt: number;
}

/** How {@link FileSystem.open} opens: an existing file to read or to extend, or a new one that must not exist yet. */
export type OpenMode =
  | { readonly access: "read" }
  | { readonly access: "append" }
  | { readonly access: "create"; readonly mode: number };

/** An open file. Whoever opened it closes it. */
export interface OpenFile {
  /** What is open, whatever became of its path since. */
  stat(): Promise<FileInfo>;
  /** Fills `into` from `offset` on and returns how many bytes that were: 0 only at the end of the file. */
  readAt(offset: number, into: Uint8Array): Promise<number>;
  /** Writes all of `bytes` at the end, synchronously: the fast path of a download. */
  append(bytes: Uint8Array): void;
  /** Cuts the file to `size` bytes; the next {@link append} continues there. */
  truncate(size: number): Promise<void>;
  /** Resolves once the content has reached the disk. */
  sync(): Promise<void>;
  /** Releases the file. Calling it again does nothing. */
  close(): void;
}

/**
 * The few file operations that the steps use. A failure is a `FileError` of `errors.ts` with the runtime's error as
 * `cause`. Paths are absolute. No operation follows a symbolic link at the last component except `realPath` and `open`
 * for reading.
 */
export interface FileSystem {
  /** What is at `path`, or `undefined` when nothing is. */
  stat(path: string): Promise<FileInfo | undefined>;
  /** The path with every symbolic link resolved. */
  realPath(path: string): Promise<string>;
  /** Opens a file. `create` fails with kind `exists` when anything, also a dangling link, is there (`O_EXCL`). */
  open(path: string, mode: OpenMode): Promise<OpenFile>;
  /** Makes `path` a second name of the file `existing`; fails with `exists` when something is there. */
  link(existing: string, path: string): Promise<void>;
  /** Moves `from` to `to` atomically, replacing a file there. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, a link or an empty directory. */
  remove(path: string): Promise<void>;
  /** Sets the permission bits; does nothing where the system has none. */
  chmod(path: string, mode: number): Promise<void>;
  /** Makes the directory and its parents; succeeds when it is already there. `mode` applies to what it makes. */
  makeDirectory(path: string, mode: number): Promise<void>;
  /** The names in a directory, in no particular order. */
  list(path: string): Promise<string[]>;
  /** Resolves once the directory's entries have reached the disk; does nothing where that is impossible (Windows). */
  syncDirectory(path: string): Promise<void>;
  /** Bytes that this user may still write there, or `undefined` where unknown. */
  freeSpace(path: string): Promise<number | undefined>;
}

/** How {@link Runtime.run} runs a program. */
export interface RunOptions {
  /** Arguments, passed as they are: no shell is involved. */
  readonly args: readonly string[];
  /** The program's whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** After this many milliseconds the program and all its children are ended. */
  readonly timeout: number;
  /** After this many bytes of output the program and all its children are ended. */
  readonly maxOutputBytes: number;
  /** Ends the program and all its children when aborted; `run` then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** How a program run by {@link Runtime.run} ended. */
export interface RunResult {
  /** Exit code; `undefined` when a signal ended it. */
  readonly exitCode: number | undefined;
  /** What it wrote to standard output, up to the cap. */
  readonly stdout: Uint8Array;
  /** What it wrote to standard error, up to the cap. */
  readonly stderr: Uint8Array;
  /** Why it was ended early, if it was. */
  readonly ended: "timeout" | "output" | undefined;
}

/** How {@link Runtime.wait} waits. */
export interface WaitOptions {
  /**
   * Whether the process stays alive for it. With `false` a program that has nothing else to do ends.
   * @default true
   */
  readonly keepAlive?: boolean;
}

/** The web standard's `fetch`, in the narrow form that is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Operating systems as the library names them; others appear under the runtime's own name. */
export type OperatingSystem = "linux" | "darwin" | "windows" | (string & Record<never, never>);

/** The JavaScript runtime and the machine, as one replaceable value. */
export interface Runtime {
  /** Which runtime this is, with its version: `deno 2.9.4`. */
  readonly name: string;
  /** The file system. */
  readonly fs: FileSystem;
  /** HTTP. Redirects are always asked for with `redirect: "manual"`. */
  readonly fetch: Fetch;
  /** Runs a program to its end. Rejects with a `FileError` when it cannot be started. */
  readonly run: (path: string, options: RunOptions) => Promise<RunResult>;
  /** Operating system. */
  readonly os: OperatingSystem;
  /** Processor: `x86_64`, `aarch64`, or the runtime's own name for others. */
  readonly arch: string;
  /** Which C library a Linux system uses. */
  readonly libc: "gnu" | "musl" | undefined;
  /** The operating system's version, such as `12.6` on macOS; `undefined` where unknown. */
  readonly osVersion: () => Promise<string | undefined>;
  /** The running executable, read once at start: after a swap Linux answers with another path. */
  readonly execPath: string;
  /** The folder under which programs keep state: `$XDG_STATE_HOME`, `~/.local/state`, `%LocalAppData%`. */
  readonly stateHome: string;
  /** This process. */
  readonly pid: number;
  /** The numeric user id of this process; `undefined` where the system has none. */
  readonly uid: number | undefined;
  /**
   * When the process `pid` started, as an opaque text that a later process of the same number does not share; `running`
   * where the system tells only that there is one; `undefined` when there is none.
   */
  readonly processStart: (pid: number) => Promise<string | undefined>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Resolves after `milliseconds`; rejects with the signal's reason when aborted. Does not keep a process alive by itself once aborted. */
  readonly wait: (milliseconds: number, signal?: AbortSignal, options?: WaitOptions) => Promise<void>;
  /** Fresh random bytes, fit for names that nobody can guess. */
  readonly random: (bytes: number) => Uint8Array;
}
