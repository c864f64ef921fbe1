/** Starts a program that may have been written a moment ago. */

import { FileError } from "../../errors.ts";
import { fileError } from "./file_error.ts";
import { isProgram, PROGRAM_HEAD_BYTES } from "./program_format.ts";
import { wait } from "./wait.ts";

/** How often a busy executable is tried again, with pauses of 10, 20, 40, … ms: 1.3 s in all. */
const BUSY_RETRIES = 7;

/** A program as {@link startProgram} needs it. */
export interface StartableProgram<T> {
  /** Starts it, or fails with the runtime's error. */
  readonly start: () => T | Promise<T>;
  /** Reads its first bytes; `undefined` when they cannot be read. */
  readonly readHead: (bytes: number) => Promise<Uint8Array | undefined>;
  /** Whose rules say what a program is. */
  readonly os: "posix" | "windows";
  /** Ends the attempts. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Starts a program, again if the system says that the file is still open for writing.
 *
 * That is so (ETXTBSY) although we have closed it while any child, started by another thread between our open and
 * close, has not yet let go of its copy of the descriptor; on Windows while a virus scanner looks at it.
 *
 * @param path The executable.
 * @param program How it is looked at and started.
 * @returns What `start` returned.
 * @throws FileError when it cannot be started; `unsupported` when it is no program of this system.
 */
export async function startProgram<T>(path: string, program: StartableProgram<T>): Promise<T> {
  const { start, readHead, os, signal } = program;
  const head = await readHead(PROGRAM_HEAD_BYTES);
  if (head !== undefined && !isProgram(head, os)) throw new FileError("unsupported", "run", path);
  for (let attempt = 0;; attempt++) {
    signal?.throwIfAborted();
    try {
      return await start();
    } catch (cause) {
      const error = fileError("run", path, cause);
      if (error.kind !== "busy" || attempt === BUSY_RETRIES) throw error;
      await wait(10 * 2 ** attempt, signal);
    }
  }
}
