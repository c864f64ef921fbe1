/** The clock's and the random source's web standard parts, and what waits for others, alike in every runtime. */

import { isFileError } from "../../errors.ts";
import type { FileSystem, WaitOptions } from "../types.ts";

/** `setTimeout` takes 2^31 - 1 milliseconds at most (25 days) and fires at once beyond. */
const LONGEST_TIMER = 2 ** 31 - 1;
/** `getRandomValues` refuses more than this (Web Cryptography API section 10.1.1). */
const RANDOM_QUOTA = 65_536;

/**
 * Resolves after `milliseconds`; leaves no timer and no listener behind.
 *
 * @param milliseconds How long to wait, any finite number; 0 or less resolves in the next turn.
 * @param signal Ends the wait.
 * @param options Whether the process stays alive while it waits.
 * @throws The signal's reason when aborted, also before the call.
 */
export async function wait(
  milliseconds: number,
  signal?: AbortSignal,
  options: WaitOptions = {},
): Promise<void> {
  if (!Number.isFinite(milliseconds)) {
    throw new RangeError(
      `Cannot wait: milliseconds must be a finite number, current value is ${milliseconds}`,
    );
  }
  let left = milliseconds;
  for (; left > LONGEST_TIMER; left -= LONGEST_TIMER) await waitOnce(LONGEST_TIMER, signal, options);
  await waitOnce(Math.max(0, left), signal, options);
}

/** Waits between the tries of a refused operation, in milliseconds: about five seconds in all. */
const REFUSED_WAITS = [10, 20, 50, 100, 200, 300, 400, 500, 1000, 1000, 1500];

/**
 * The file system of Windows, where a file that somebody has open, a virus scanner for a moment or a process that is
 * being ended, keeps its name after its removal, and can be neither moved nor replaced: what makes, moves or replaces
 * something is tried again for about five seconds.
 *
 * A removal is tried again while the file is in use, not when it is denied: that is a program which runs.
 *
 * @param fs The file system, an object of functions.
 * @param pause Waits.
 */
export function patientFiles(
  fs: FileSystem,
  pause: (milliseconds: number) => Promise<void> = wait,
): FileSystem {
  return {
    ...fs,
    open: (path, mode) =>
      mode.access === "create" ? patiently(() => fs.open(path, mode), "denied", "busy") : fs.open(path, mode),
    link: (existing, path) => patiently(() => fs.link(existing, path), "denied", "busy"),
    rename: (from, to) => patiently(() => fs.rename(from, to), "denied", "busy"),
    remove: (path) => patiently(() => fs.remove(path), "busy"),
  };

  async function patiently<T>(operation: () => Promise<T>, ...kinds: ("denied" | "busy")[]): Promise<T> {
    for (const milliseconds of REFUSED_WAITS) {
      try {
        return await operation();
      } catch (error) {
        if (!isFileError(error, ...kinds)) throw error;
        await pause(milliseconds);
      }
    }
    return await operation();
  }
}

/**
 * Returns fresh random bytes of the runtime's cryptographic generator.
 *
 * @param bytes How many.
 * @returns That many random bytes.
 */
export function random(bytes: number): Uint8Array {
  const filled = new Uint8Array(bytes);
  for (let from = 0; from < bytes; from += RANDOM_QUOTA) {
    crypto.getRandomValues(filled.subarray(from, from + RANDOM_QUOTA));
  }
  return filled;
}

function waitOnce(
  milliseconds: number,
  signal: AbortSignal | undefined,
  { keepAlive = true }: WaitOptions,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = keepAlive && "Deno" in globalThis
      ? startTimeout(elapsed, milliseconds)
      : startTimer(elapsed, milliseconds, keepAlive);
    signal?.addEventListener("abort", aborted, { once: true });

    function elapsed(): void {
      signal?.removeEventListener("abort", aborted);
      resolve();
    }

    function aborted(): void {
      stop();
      reject(signal?.reason);
    }
  });
}

/**
 * Deno loads its timers of Node's kind with the first `setTimeout`, which takes 6 ms of a check for updates; this takes
 * half a millisecond. A listener keeps the process alive there; without one, the timer ends unnoticed.
 */
function startTimeout(elapsed: () => void, milliseconds: number): () => void {
  const timeout = AbortSignal.timeout(milliseconds);
  timeout.addEventListener("abort", elapsed);
  return () => timeout.removeEventListener("abort", elapsed);
}

function startTimer(elapsed: () => void, milliseconds: number, keepAlive: boolean): () => void {
  const timer = setTimeout(elapsed, milliseconds);
  if (!keepAlive) release(timer);
  return () => clearTimeout(timer);
}

/** Node, Bun and newer Denos answer with an object; older Denos with the number of the timer. */
function release(timer: unknown): void {
  if (typeof timer === "object" && timer !== null && "unref" in timer && typeof timer.unref === "function") {
    timer.unref();
  } else {
    const { Deno: deno }: { Deno?: { unrefTimer(id: unknown): void } } = globalThis as object;
    deno?.unrefTimer(timer);
  }
}
