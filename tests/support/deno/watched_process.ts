/**
 * Processes that are watched or killed while they run, which Deno's own `Deno.Command` does not offer.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";

/** How a program is started. */
export interface StartOptions {
  /** Its arguments. */
  readonly args: readonly string[];
  /** Its whole environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** How a watched program ended. */
export interface Watched {
  /** Its exit code. */
  readonly code: number;
  /** Everything it printed. */
  readonly output: string;
  /** The most memory it had at one time (`VmHWM`), in bytes. Programs that it started do not count. */
  readonly peakBytes: number;
}

/**
 * Runs a program to its end and watches its memory. Linux only.
 *
 * @param path The program.
 * @param options How to start it.
 */
export async function watchMemory(path: string, options: StartOptions): Promise<Watched> {
  const command = new Deno.Command(path, {
    args: [...options.args],
    env: { ...options.env },
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  const child = command.spawn();
  let ended = false;
  const output = child.output().finally(() => ended = true);
  let peakBytes = 0;
  while (!ended) {
    // The kernel keeps the peak itself. The last reading counts: before `exec` it is the peak of this process.
    peakBytes = peakOf(child.pid) ?? peakBytes;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const { code, stdout, stderr } = await output;
  const decoder = new TextDecoder();
  return { code, output: decoder.decode(stdout) + decoder.decode(stderr), peakBytes };
}

function peakOf(pid: number): number | undefined {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined; // It has ended.
  }
}

/**
 * Starts a program in a process group of its own and kills the whole group after a while.
 *
 * @param path The program.
 * @param options How to start it.
 * @param milliseconds When to kill it.
 * @returns Whether it was still running then.
 */
export async function killAfter(path: string, options: StartOptions, milliseconds: number): Promise<boolean> {
  const child = spawn(path, options.args, { env: options.env, detached: true, stdio: "ignore" });
  const exit = once(child, "exit");
  const timer = setTimeout(() => killGroup(child), milliseconds);
  const [, signal] = await exit;
  clearTimeout(timer);
  return signal === "SIGKILL";
}

function killGroup({ pid }: ChildProcess): void {
  if (pid !== undefined) process.kill(-pid, "SIGKILL");
}
