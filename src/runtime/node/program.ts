/** Runs programs through `node:child_process`. */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { open } from "node:fs/promises";
import { kill } from "node:process";
import type { Readable } from "node:stream";
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
  const child = await startProgram(
    path,
    () => start(path, options),
    (bytes) => readHead(path, bytes),
    options.signal,
  );
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
  return { SystemRoot: globalThis.process.env["SystemRoot"] ?? "C:\\Windows", ...env };
}

async function readHead(path: string, bytes: number): Promise<Uint8Array | undefined> {
  if (IS_WINDOWS) return undefined;
  try {
    const file = await open(path, "r");
    try {
      const head = new Uint8Array(bytes);
      return head.subarray(0, (await file.read(head, 0, bytes, 0)).bytesRead);
    } finally {
      await file.close();
    }
  } catch {
    return undefined; // Executable but not readable, or absent: starting it gives the answer.
  }
}

function childOf(child: ChildProcess, stdout: Readable, stderr: Readable): Child {
  return {
    exited: new Promise((resolve) => child.once("exit", (code) => resolve(code ?? undefined))),
    stdout: pipeOf(stdout),
    stderr: pipeOf(stderr),
    endGroup: () => endGroup(child.pid),
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
    if (!IS_WINDOWS) return void kill(-pid, "SIGKILL");
    const systemRoot = globalThis.process.env["SystemRoot"] ?? "C:\\Windows";
    spawnSync(`${systemRoot}\\System32\\taskkill.exe`, ["/T", "/F", "/PID", String(pid)], {
      windowsHide: true,
    });
  } catch {
    // They have ended already, or belong to someone else: supervise() does not wait for them for ever.
  }
}
