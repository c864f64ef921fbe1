/** Who may do what with a file, by the rules of an operating system. */

import { Failure } from "./failure.ts";
import type { MemoryMachine } from "./machine.ts";
import type { MemoryProcess } from "./processes.ts";
import type { Node } from "./tree.ts";

/** Names can be made and removed in the folder. */
export function requireWritable(machine: MemoryMachine, folder: Node, process: MemoryProcess): void {
  if (folder.kind !== "directory") throw new Failure("absent", "the folder is none");
  if (machine.isReadOnly(folder.device)) throw new Failure("read-only", "the file system is read-only");
  if (!has(machine, folder, process, 0o222)) throw new Failure("denied", "the folder is write-protected");
}

/** The file can be read. */
export function requireReadable(machine: MemoryMachine, node: Node, process: MemoryProcess): void {
  if (!has(machine, node, process, 0o444)) throw new Failure("denied", "the file is read-protected");
}

/** The file can be written; no system lets anyone write into a running program. */
export function requireExtendable(machine: MemoryMachine, node: Node, process: MemoryProcess): void {
  if (machine.processes.hasRunning(node)) throw new Failure("busy", "the file is a running program");
  if (machine.isReadOnly(node.device)) throw new Failure("read-only", "the file system is read-only");
  if (!has(machine, node, process, 0o222)) throw new Failure("denied", "the file is write-protected");
}

/** The file's permission bits can be changed. */
export function requireOwner(machine: MemoryMachine, node: Node, process: MemoryProcess): void {
  if (machine.isReadOnly(node.device)) throw new Failure("read-only", "the file system is read-only");
  if (process.uid !== 0 && process.uid !== node.uid) {
    throw new Failure("denied", "the file is another user's");
  }
}

/** A file can be renamed over it: on Windows not while it runs or is open. */
export function requireReplaceable(machine: MemoryMachine, node: Node): void {
  if (machine.os !== "windows") return;
  if (machine.processes.hasRunning(node)) throw new Failure("denied", "the file is a running program");
  if (machine.processes.hasOpen(node)) throw new Failure("denied", "the file is open");
}

/** Its name can be removed: on Windows not while it runs. */
export function requireRemovable(machine: MemoryMachine, node: Node): void {
  if (machine.os !== "windows") return;
  if (machine.processes.hasRunning(node)) throw new Failure("denied", "the file is a running program");
}

function has({ os }: MemoryMachine, node: Node, { uid }: MemoryProcess, bits: number): boolean {
  if (os === "windows" || uid === 0) return true;
  return (node.mode & bits & (uid === node.uid ? 0o700 : 0o007)) !== 0;
}
