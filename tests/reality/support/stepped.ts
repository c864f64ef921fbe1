/**
 * A program that `strace` stops after every call with which it, or a program it starts, changes a file system.
 *
 * Calls are counted here and not by strace, which counts those of each thread on its own. While a thread is stopped,
 * the others wait for its result: nothing else changes meanwhile.
 *
 * @module
 */

import type { StartOptions } from "../../support/deno/watched_process.ts";

/** Calls that change a file system. Of `openat` only those that write count. */
const CHANGES = [
  "openat",
  "rename",
  "renameat",
  "renameat2",
  "link",
  "linkat",
  "symlink",
  "symlinkat",
  "unlink",
  "unlinkat",
  "ftruncate",
  "chmod",
  "fchmod",
  "fchmodat",
  "chown",
  "fchown",
  "fchownat",
  "mkdir",
  "mkdirat",
  "rmdir",
  "setxattr",
  "fsetxattr",
];
/** Calls that make changes last. */
const FLUSHES = ["fsync", "fdatasync"];

/** One call, as strace prints it. */
export interface Call {
  /** How many there were before it. */
  readonly index: number;
  /** The call with its arguments and result. */
  readonly text: string;
}

/** How a program is stepped through. */
export interface StepOptions extends StartOptions {
  /** Whether it is told that everything is flushed while nothing is. */
  readonly withoutFlushing?: boolean;
}

/** How a stepped program ended. */
export interface Stepped {
  /** Every call that changed something, in order, up to the end. */
  readonly calls: readonly Call[];
  /** Whether it was killed. */
  readonly killed: boolean;
  /** The exit code of what was not killed. */
  readonly code: number;
  /** What it printed to its standard output. */
  readonly stdout: string;
}

/**
 * Runs a program and stops it after each call.
 *
 * @param path The program.
 * @param options How to start it.
 * @param onCall Called while the program is stopped; says whether it is killed there, with every program it started.
 */
export async function stepThrough(
  path: string,
  { args, env, withoutFlushing = false }: StepOptions,
  onCall: (call: Call) => "continue" | "kill" | Promise<"continue" | "kill">,
): Promise<Stepped> {
  const strace = new Deno.Command("strace", {
    args: [
      ...["-f", "-qq", "-s", "300", "-o", "/dev/stderr", `--trace=${[...CHANGES, ...FLUSHES].join(",")}`],
      `--inject=${CHANGES.join(",")}:signal=SIGSTOP`,
      `--inject=${FLUSHES.join(",")}:${withoutFlushing ? "retval=0:" : ""}signal=SIGSTOP`,
      ...[path, ...args],
    ],
    env: { ...env },
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stdout = new Response(strace.stdout).text();
  const tracer = new Tracer();
  let killed = false;
  for await (const line of linesOf(strace.stderr)) {
    const stop = tracer.read(line);
    if (stop === undefined) continue;
    if (!killed && stop.call !== undefined && await onCall(stop.call) === "kill") killed = true;
    if (killed) tracer.kill();
    else signal(stop.process, "SIGCONT");
  }
  const { code } = await strace.status;
  return { calls: tracer.calls, killed, code, stdout: await stdout };
}

/** Understands the lines of `strace -f`. */
class Tracer {
  readonly calls: Call[] = [];
  readonly #processes = new Set<number>();
  /** The last call of each thread; the beginning of one that is still running. */
  readonly #last = new Map<number, string>();

  /** What was stopped, if the line says so; `call` is left out when nothing was changed. */
  read(line: string): { process: number; call: Call | undefined } | undefined {
    const [, thread, text] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (thread === undefined || text === undefined) return undefined;
    const id = Number(thread);
    if (!text.startsWith("--- SIGSTOP ")) {
      this.#remember(id, text);
      return undefined;
    }
    const process = processOf(id);
    if (process === undefined) return undefined;
    this.#processes.add(process);
    const last = this.#last.get(id) ?? "";
    if (!isChange(last)) return { process, call: undefined };
    const call = { index: this.calls.length, text: last };
    this.calls.push(call);
    return { process, call };
  }

  kill(): void {
    for (const process of this.#processes) signal(process, "SIGKILL");
  }

  #remember(thread: number, text: string): void {
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(text)?.[1];
    if (resumed !== undefined) this.#last.set(thread, (this.#last.get(thread) ?? "") + resumed);
    else if (/^\w+\(/.test(text)) this.#last.set(thread, text.replace(/ *<unfinished \.\.\.>$/, ""));
  }
}

function isChange(call: string): boolean {
  if (/ = -1 E/.test(call)) return false;
  return !call.startsWith("openat(") ||
    /O_WRONLY|O_RDWR|O_CREAT/.test(call) && !/"\/(dev|proc|sys)\//.test(call);
}

function processOf(thread: number): number | undefined {
  try {
    const id = /^Tgid:\s+(\d+)$/m.exec(Deno.readTextFileSync(`/proc/${thread}/status`))?.[1];
    return id === undefined ? undefined : Number(id);
  } catch {
    return undefined; // It is gone already.
  }
}

function signal(process: number, name: Deno.Signal): void {
  try {
    Deno.kill(process, name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound) && !isGone(error)) throw error;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && /ESRCH|os error 3\b/.test(error.message);
}

async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}
