/** `Runtime.run` on a machine in memory. */

import { FileError } from "../../errors.ts";
import type { RunOptions, RunResult } from "../types.ts";
import { Failure } from "./failure.ts";
import { locate } from "./locate.ts";
import type { MemoryMachine, MemoryRuntime } from "./machine.ts";
import type { MemoryProcess } from "./processes.ts";
import type { MemoryBehaviour } from "./program.ts";
import type { Node } from "./tree.ts";

/**
 * Runs a program to its end.
 *
 * @param machine The machine.
 * @param parent Who runs it.
 * @param path The executable.
 * @param options How.
 * @param runtimeOf Makes the runtime that the program itself gets.
 * @returns How it ended.
 */
export async function runInMemory(
  machine: MemoryMachine,
  parent: MemoryProcess,
  path: string,
  options: RunOptions,
  runtimeOf: (machine: MemoryMachine, process: MemoryProcess, execPath: string) => MemoryRuntime,
): Promise<RunResult> {
  await machine.enter(parent, { name: "run", path });
  options.signal?.throwIfAborted();
  const node = asFileError(path, () => executableAt(machine, path));
  const child = machine.processes.start({ parent, execPath: path, uid: parent.uid });
  try {
    const behaviour = await machine.programs({
      path,
      content: node.content.bytes.slice(),
      args: options.args,
      env: options.env,
      runtime: runtimeOf(machine, child, path),
      spawn: () => machine.processes.start({ parent: child, execPath: path, uid: child.uid }).pid,
    });
    if (behaviour === undefined) throw new FileError("unsupported", "run", path);
    return await end(machine, behaviour, options);
  } finally {
    machine.processes.kill(child.pid);
  }
}

function executableAt(machine: MemoryMachine, path: string): Node {
  const { node } = locate(machine.disk, path, { followLast: true });
  if (node === undefined) throw new Failure("absent", `there is no ${path}`);
  const isExecutable = machine.os === "windows" || (node.mode & 0o111) !== 0;
  if (node.kind !== "file" || !isExecutable) throw new Failure("denied", `${path} is not executable`);
  if (machine.processes.hasOpenToWrite(node)) throw new Failure("busy", `${path} is open for writing`);
  return node;
}

async function end(
  machine: MemoryMachine,
  behaviour: MemoryBehaviour,
  { timeout, maxOutputBytes, signal }: RunOptions,
): Promise<RunResult> {
  const encoder = new TextEncoder();
  const [allOut, allErr] = [encoder.encode(behaviour.stdout), encoder.encode(behaviour.stderr)];
  const stdout = allOut.slice(0, maxOutputBytes);
  const stderr = allErr.slice(0, maxOutputBytes - stdout.length);
  if (allOut.length + allErr.length > maxOutputBytes) {
    return { exitCode: undefined, stdout, stderr, ended: "output" };
  }
  if (behaviour.end === "never") {
    await machine.clock.wait(timeout, signal);
    return { exitCode: undefined, stdout, stderr, ended: "timeout" };
  }
  const wasSignal = behaviour.end === "signal";
  const exitCode = wasSignal ? (machine.os === "windows" ? 1 : undefined) : behaviour.exitCode ?? 0;
  return { exitCode, stdout, stderr, ended: undefined };
}

function asFileError<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    throw cause instanceof Failure ? new FileError(cause.kind, "run", path, { cause }) : cause;
  }
}
