/** Watches over a program that is running, whichever runtime started it: time, amount of output, its children. */

import type { RunOptions, RunResult } from "../types.ts";

/** A program that an adapter has started, with its own process group. */
export interface Child {
  /** Resolves with the exit code when the program itself ends, whatever its children do; `undefined` for a signal. */
  readonly exited: Promise<number | undefined>;
  /** Standard output. */
  readonly stdout: Pipe;
  /** Standard error. */
  readonly stderr: Pipe;
  /** Ends the program and all its children at once. Does nothing when they have ended. */
  endGroup(): void;
}

/** One output of a {@link Child}. */
export interface Pipe {
  /** Hands over every chunk; resolves when the last writer has closed it, or after {@link close}. Never rejects. */
  each(take: (chunk: Uint8Array) => void): Promise<void>;
  /** Stops reading. */
  close(): void;
}

/** How long output may go on after the program ended: children that it left behind may hold the pipe open (T27). */
const OUTPUT_GRACE = 250;
/** How long an ended program may take to be gone; a kill that the system refuses must not hang the caller. */
const END_GRACE = 5000;

/**
 * Collects a program's output until it ends, or ends it.
 *
 * Never waits longer than the timeout and the two graces, also when the program leaves children that hold its output.
 *
 * @param child The program.
 * @param options Its limits.
 * @returns How it ended.
 * @throws The signal's reason when aborted; the program and its children have been ended then.
 */
export async function supervise(child: Child, options: RunOptions): Promise<RunResult> {
  let ended: RunResult["ended"];
  let stop!: (why: RunResult["ended"]) => void;
  const stopped = new Promise<void>((resolve) => {
    stop = (why) => {
      ended ??= why;
      child.endGroup();
      resolve();
    };
  });
  const output = new Output(options.maxOutputBytes, () => stop("output"));
  const timer = setTimeout(() => stop("timeout"), options.timeout);
  const onAbort = () => stop(undefined);
  options.signal?.addEventListener("abort", onAbort, { once: true });
  if (options.signal?.aborted) onAbort();
  try {
    const drained = Promise.all([
      child.stdout.each((chunk) => output.add("stdout", chunk)),
      child.stderr.each((chunk) => output.add("stderr", chunk)),
    ]);
    const exitCode = await exitOf(child, stopped);
    await drain(child, drained);
    options.signal?.throwIfAborted();
    // What a program ended by us answers differs between systems and says nothing about it.
    return { exitCode: ended === undefined ? exitCode : undefined, ...output.collected(), ended };
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", onAbort);
    child.stdout.close();
    child.stderr.close();
  }
}

async function exitOf(child: Child, stopped: Promise<void>): Promise<number | undefined> {
  const first = await Promise.race([child.exited.then((code) => ({ code })), stopped]);
  if (first !== undefined) return first.code;
  let code: number | undefined;
  await settlesWithin(child.exited.then((exit) => void (code = exit)), END_GRACE);
  return code;
}

/** Reads what is left; whoever still holds the pipes after the grace is ended, and given up on after another. */
async function drain(child: Child, drained: Promise<unknown>): Promise<void> {
  if (await settlesWithin(drained, OUTPUT_GRACE)) return;
  child.endGroup();
  await settlesWithin(drained, OUTPUT_GRACE);
}

function settlesWithin(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), milliseconds);
    promise.then(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}

class Output {
  readonly #limit: number;
  readonly #onFull: () => void;
  readonly #chunks: Record<"stdout" | "stderr", Uint8Array[]> = { stdout: [], stderr: [] };
  #size = 0;

  constructor(limit: number, onFull: () => void) {
    this.#limit = limit;
    this.#onFull = onFull;
  }

  add(name: "stdout" | "stderr", chunk: Uint8Array): void {
    const room = this.#limit - this.#size;
    const kept = chunk.subarray(0, room);
    if (kept.length > 0) this.#chunks[name].push(kept.slice());
    this.#size += kept.length;
    if (chunk.length > room) this.#onFull();
  }

  collected(): { stdout: Uint8Array; stderr: Uint8Array } {
    return { stdout: joined(this.#chunks.stdout), stderr: joined(this.#chunks.stderr) };
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}
