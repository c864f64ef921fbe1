/** An open file on a disk in memory. */

import { FileError } from "../../errors.ts";
import type { FileInfo, OpenFile } from "../types.ts";
import { Failure } from "./failure.ts";
import type { MemoryMachine } from "./machine.ts";
import type { MemoryProcess } from "./processes.ts";
import type { Node } from "./tree.ts";

/** Made by `MemoryFiles.open`. */
export class MemoryOpenFile implements OpenFile {
  readonly #machine: MemoryMachine;
  readonly #process: MemoryProcess;
  readonly #node: Node;
  readonly #path: string;
  readonly #isWritable: boolean;
  #isClosed = false;

  /**
   * @param machine The machine.
   * @param process Who opened it.
   * @param node What is open.
   * @param path Under which path, for messages.
   * @param access How.
   */
  constructor(
    machine: MemoryMachine,
    process: MemoryProcess,
    node: Node,
    path: string,
    access: "read" | "append" | "create",
  ) {
    this.#machine = machine;
    this.#process = process;
    this.#node = node;
    this.#path = path;
    this.#isWritable = access !== "read";
    machine.processes.opened(process, node, this.#isWritable, this);
  }

  stat(): Promise<FileInfo> {
    return this.#do("stat", () => this.#machine.infoOf(this.#node));
  }

  readAt(offset: number, into: Uint8Array): Promise<number> {
    return this.#do("readAt", () => {
      const part = this.#node.content.bytes.subarray(offset, offset + into.length);
      into.set(part);
      return part.length;
    });
  }

  append(bytes: Uint8Array): void {
    this.#machine.enterNow(this.#process, { name: "append", path: this.#path });
    this.#attempt("append", () => {
      if (!this.#isWritable) throw new Failure("denied", `${this.#path}is open to read`);
      this.#machine.write(this.#node, bytes);
    });
  }

  truncate(size: number): Promise<void> {
    return this.#do("truncate", () => {
      if (!this.#isWritable) throw new Failure("denied", `${this.#path}is open to read`);
      this.#machine.disk.change({ type: "size", id: this.#node.id, size });
      this.#node.modifiedAt = this.#machine.clock.now;
    });
  }

  sync(): Promise<void> {
    return this.#do("sync", () => this.#machine.disk.syncFile(this.#node.id));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#machine.processes.closed(this);
  }

  async #do<T>(name: string, act: () => T): Promise<T> {
    await this.#machine.enter(this.#process, { name, path: this.#path });
    return this.#attempt(name, act);
  }

  #attempt<T>(name: string, act: () => T): T {
    try {
      if (this.#isClosed) throw new Failure("other", `${this.#path}is closed`);
      return act();
    } catch (cause) {
      if (cause instanceof Failure) throw new FileError(cause.kind, name, this.#path, { cause });
      throw cause;
    }
  }
}
