/** Runs programs through Deno's own API. */

import { fileError } from "../machine/file_error.ts";
import { startProgram } from "../machine/start_program.ts";
import { type Child, type Pipe, supervise } from "../machine/supervise.ts";
import type { RunOptions, RunResult } from "../types.ts";

/**
 * Runs a program to its end, see {@link import("../types.ts").Runtime.run}.
 *
 * @param path The executable.
 * @param options How to run it.
 * @returns How it ended.
 * @throws FileError when it cannot be started.
 */
export async function runWithDeno(path: string, options: RunOptions): Promise<RunResult> {
  const child = await startProgram(path, {
    start: () => start(path, options),
    readHead: (bytes) => readHead(path, bytes),
    os: isWindows() ? "windows" : "posix",
    signal: options.signal,
  });
  return await supervise(childOf(child), options);
}

function start(path: string, options: RunOptions): Deno.ChildProcess {
  return new Deno.Command(path, {
    args: [...options.args],
    env: isWindows() ? withSystemRoot(options.env) : { ...options.env },
    clearEnv: true,
    // A session and process group of its own, so that all its children can be ended (T27). On Windows "detached"
    // means without a console, and taskkill finds the children instead.
    detached: !isWindows(),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Without it no Windows program can open a socket or load the system's cryptography. */
function withSystemRoot(env: Readonly<Record<string, string>>): Record<string, string> {
  return { SystemRoot: systemRoot(), ...env };
}

async function readHead(path: string, bytes: number): Promise<Uint8Array | undefined> {
  let file;
  try {
    file = await Deno.open(path, { read: true });
    const head = new Uint8Array(bytes);
    return head.subarray(0, (await file.read(head)) ?? 0);
  } catch (error) {
    // On Windows the failure to start an absent program has neither code nor class.
    if (error instanceof Deno.errors.NotFound) throw fileError("run", path, error);
    return undefined; // Executable but not readable: starting it gives the answer.
  } finally {
    file?.close();
  }
}

function childOf(child: Deno.ChildProcess): Child {
  return {
    exited: child.status.then((status) => status.signal === null ? status.code : undefined),
    stdout: pipeOf(child.stdout),
    stderr: pipeOf(child.stderr),
    endGroup: () => isWindows() ? endTreeOnWindows(child) : endGroup(child.pid),
  };
}

function pipeOf(stream: ReadableStream<Uint8Array>): Pipe {
  const reader = stream.getReader();
  return {
    async each(take) {
      try {
        for (let part = await reader.read(); !part.done; part = await reader.read()) take(part.value);
      } catch {
        // A pipe that broke has ended.
      }
    },
    close: () => void reader.cancel().catch(() => {}),
  };
}

function endGroup(pid: number): void {
  try {
    Deno.kill(-pid, "SIGKILL");
  } catch {
    // They have ended already, or belong to someone else: supervise() does not wait for them for ever.
  }
}

/** A taskkill that knows no trees (not Microsoft's) or is missing must not keep the program itself alive. */
function endTreeOnWindows(child: Deno.ChildProcess): void {
  const taskkill = new Deno.Command(`${systemRoot()}\\System32\\taskkill.exe`, {
    args: ["/T", "/F", "/PID", String(child.pid)],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  });
  const endAlone = () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
  };
  taskkill.output().then(({ success }) => success || endAlone(), endAlone);
}

function systemRoot(): string {
  return Deno.env.get("SystemRoot") ?? "C:\\Windows";
}

/** Asked when needed, not at the top: in Node this module is loaded too, and there is no Deno. */
function isWindows(): boolean {
  return Deno.build.os === "windows";
}
