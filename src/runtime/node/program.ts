/** Runs programs through `node:child_process`. */

import { type ChildProcess, spawn } from "node:child_process";
import { open } from "node:fs/promises";
import { kill } from "node:process";
import type { Readable } from "node:stream";
import { codeOf, fileError } from "../machine/file_error.ts";
import { startProgram } from "../machine/start_program.ts";
import { type Child, type Pipe, supervise } from "../machine/supervise.ts";
import type { RunOptions, RunResult } from "../types.ts";

const IS_WINDOWS = globalThis.process.platform === "win32";

/**
 * Runs a program to its end, see {@link import("../types.ts").Runtime.run}.
 *
 * @param path The executable.
 * @param options How to run it.
 * @returns How it ended.
 * @throws FileError when it cannot be started.
 */
export async function runWithNode(path: string, options: RunOptions): Promise<RunResult> {
  const child = await startProgram(path, {
    start: () => start(path, options),
    readHead: (bytes) => readHead(path, bytes),
    os: IS_WINDOWS ? "windows" : "posix",
    signal: options.signal,
  });
  return await supervise(child, options);
}

async function start(path: string, options: RunOptions): Promise<Child> {
  const child = spawn(path, options.args, {
    env: IS_WINDOWS ? withSystemRoot(options.env) : options.env,
    // A session and process group of its own, so that all its children can be ended (T27). On Windows "detached"
    // means a window of its own, and taskkill finds the children instead.
    detached: !IS_WINDOWS,
    windowsHide: true,
    shell: false,
    stdio: ["ignore", "pipe", "pipe"],
  });
  // Listened to before anything is awaited: a short program may have ended by then.
  const started = childOf(child, child.stdout, child.stderr);
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  return started;
}

/** Without it no Windows program can open a socket or load the system's cryptography. */
function withSystemRoot(env: Readonly<Record<string, string>>): Record<string, string> {
  return { SystemRoot: systemRoot(), ...env };
}

async function readHead(path: string, bytes: number): Promise<Uint8Array | undefined> {
  let file;
  try {
    file = await open(path, "r");
    const head = new Uint8Array(bytes);
    return head.subarray(0, (await file.read(head, 0, bytes, 0)).bytesRead);
  } catch (error) {
    if (codeOf(error) === "ENOENT") throw fileError("run", path, error);
    return undefined; // Executable but not readable: starting it gives the answer.
  } finally {
    await file?.close();
  }
}

function childOf(child: ChildProcess, stdout: Readable, stderr: Readable): Child {
  return {
    exited: new Promise((resolve) => child.once("exit", (code) => resolve(code ?? undefined))),
    stdout: pipeOf(stdout),
    stderr: pipeOf(stderr),
    endGroup: () => IS_WINDOWS ? endTreeOnWindows(child) : endGroup(child.pid),
  };
}

function pipeOf(stream: Readable): Pipe {
  const closed = new Promise<void>((resolve) => {
    stream.once("close", resolve);
    // A pipe that broke has ended.
    stream.once("error", () => resolve());
  });
  return {
    each(take) {
      stream.on("data", take);
      return closed;
    },
    close: () => void stream.destroy(),
  };
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    kill(-pid, "SIGKILL");
  } catch {
    // They have ended already, or belong to someone else: supervise() does not wait for them for ever.
  }
}

/** A taskkill that knows no trees (not Microsoft's) or is missing must not keep the program itself alive. */
function endTreeOnWindows(child: ChildProcess): void {
  const args = ["/T", "/F", "/PID", String(child.pid)];
  const taskkill = spawn(`${systemRoot()}\\System32\\taskkill.exe`, args, {
    windowsHide: true,
    stdio: "ignore",
  });
  taskkill.once("exit", (code) => code === 0 || child.kill("SIGKILL"));
  taskkill.once("error", () => child.kill("SIGKILL"));
}

function systemRoot(): string {
  return globalThis.process.env["SystemRoot"] ?? "C:\\Windows";
}
