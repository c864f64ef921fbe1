/** The processes of a machine in memory, and which files they run and have open. */

import type { OpenFile } from "../types.ts";
import type { MemoryDisk } from "./disk.ts";
import { idAt } from "./locate.ts";
import type { MemoryProcessOptions } from "./machine_options.ts";
import type { Node } from "./tree.ts";

/** The user that programs run as and files belong to unless said otherwise. */
export const USER = 1000;

/** What the machine knows of a process. */
export interface MemoryProcess {
  readonly pid: number;
  /** See `Runtime.processStart`. */
  readonly start: string;
  /** The user it runs as. */
  readonly uid: number;
  /** The file that it runs, by number: no system lets anyone write into it. */
  readonly executable: number | undefined;
  /** Who started it. */
  readonly parent: MemoryProcess | undefined;
  /** Whether it still does anything. */
  isAlive: boolean;
}

interface Holder {
  readonly process: MemoryProcess;
  readonly id: number;
  readonly isWritable: boolean;
}

/** The processes of one machine. */
export class MemoryProcesses {
  readonly #disk: MemoryDisk;
  readonly #living = new Map<number, MemoryProcess>();
  readonly #open = new Map<OpenFile, Holder>();
  #startedCount = 0;

  /** @param disk The machine's disk. */
  constructor(disk: MemoryDisk) {
    this.#disk = disk;
  }

  /** How many were ever started. */
  get startedCount(): number {
    return this.#startedCount;
  }

  /** Starts a process. */
  start(options: MemoryProcessOptions & { parent?: MemoryProcess }): MemoryProcess {
    const { pid = this.#freeNumber(), execPath, uid = USER, parent } = options;
    if (this.#living.has(pid)) throw new RangeError(`Cannot start process ${pid}: it is running`);
    const start = `${this.#disk.starts}/${++this.#startedCount}`;
    const executable = execPath === undefined ? undefined : idAt(this.#disk, execPath);
    const process: MemoryProcess = { pid, start, uid, executable, parent, isAlive: true };
    this.#living.set(pid, process);
    return process;
  }

  /** The living process of that number. */
  get(pid: number): MemoryProcess | undefined {
    return this.#living.get(pid);
  }

  /** Ends a process and its children. Nothing that they have begun goes on. */
  kill(pid: number): void {
    const process = this.#living.get(pid);
    if (process === undefined) return;
    process.isAlive = false;
    this.#living.delete(pid);
    for (const [file, holder] of this.#open) if (holder.process === process) this.#open.delete(file);
    for (const child of [...this.#living.values()]) if (child.parent === process) this.kill(child.pid);
  }

  /** Remembers that a file is open. */
  opened(process: MemoryProcess, { id }: Node, isWritable: boolean, file: OpenFile): void {
    this.#open.set(file, { process, id, isWritable });
  }

  /** Forgets it. */
  closed(file: OpenFile): void {
    this.#open.delete(file);
  }

  /** Whether anybody has a file open. */
  hasOpen(node: Node): boolean {
    return [...this.#open.values()].some(({ id }) => id === node.id);
  }

  /** Whether anybody has it open for writing. */
  hasOpenToWrite(node: Node): boolean {
    return [...this.#open.values()].some(({ id, isWritable }) => isWritable && id === node.id);
  }

  /** Whether anybody runs it. */
  hasRunning(node: Node): boolean {
    return [...this.#living.values()].some(({ executable }) => executable === node.id);
  }

  #freeNumber(): number {
    let pid = 100;
    while (this.#living.has(pid)) pid++;
    return pid;
  }
}
