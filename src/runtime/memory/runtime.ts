/** `Runtime` for one process of a machine in memory. */

import type { RunOptions, RunResult } from "../types.ts";
import { MemoryFiles } from "./files.ts";
import type { MemoryMachine, MemoryRuntime } from "./machine.ts";
import type { MemoryProcess } from "./processes.ts";
import { runInMemory } from "./run.ts";

/**
 * Makes the runtime of a process.
 *
 * @param machine The machine.
 * @param process The process.
 * @param execPath The path that it was started by.
 * @returns Its runtime.
 */
export function runtimeOf(machine: MemoryMachine, process: MemoryProcess, execPath: string): MemoryRuntime {
  const { os, clock } = machine;
  const isWindows = os === "windows";
  return {
    machine,
    name: "memory 1.0",
    fs: new MemoryFiles(machine, process),
    os,
    arch: machine.options.arch ?? "x86_64",
    libc: os === "linux" ? "gnu" : undefined,
    osVersion: () => Promise.resolve("1.0"),
    execPath,
    stateHome: isWindows ? "C:\\Users\\user\\AppData\\Local" : "/home/user/.local/state",
    pid: process.pid,
    uid: isWindows ? undefined : process.uid,
    fetch: (url, init) => fetchInMemory(machine, process, url, init),
    run: (path: string, options: RunOptions): Promise<RunResult> =>
      runInMemory(machine, process, path, options, runtimeOf),
    async processStart(pid) {
      await machine.enter(process, { name: "processStart", path: String(pid) });
      return machine.processes.get(pid)?.start;
    },
    now: () => clock.now,
    async wait(milliseconds, signal) {
      await clock.wait(milliseconds, signal);
      if (!process.isAlive) await new Promise<never>(() => {});
    },
    random: (bytes) => machine.random(bytes),
    kill: () => machine.processes.kill(process.pid),
  };
}

async function fetchInMemory(
  machine: MemoryMachine,
  process: MemoryProcess,
  url: string,
  init: RequestInit,
): Promise<Response> {
  await machine.enter(process, { name: "fetch", path: url });
  const { signal } = init;
  signal?.throwIfAborted();
  const { fetch } = machine.options;
  if (fetch === undefined) throw new TypeError("fetch failed: this machine has no network");
  // First: what it throws at once must not leave a promise behind that nobody waits for.
  const answer = fetch(url, init);
  if (!(answer instanceof Promise) || !signal) return await answer;
  return await new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort);
    answer.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
