/** `FileSystem` on a disk in memory. */

import { FileError } from "../../errors.ts";
import type { FileInfo, FileSystem, OpenFile, OpenMode } from "../types.ts";
import { Failure } from "./failure.ts";
import { locate, type Location, slotOf } from "./locate.ts";
import type { MemoryMachine } from "./machine.ts";
import { MemoryOpenFile } from "./open_file.ts";
import type { MemoryProcess } from "./processes.ts";
import {
  requireExtendable,
  requireOwner,
  requireReadable,
  requireRemovable,
  requireReplaceable,
  requireWritable,
} from "./rights.ts";
import type { Node, Slot } from "./tree.ts";

/** The file system as one process sees it. */
export class MemoryFiles implements FileSystem {
  readonly #machine: MemoryMachine;
  readonly #process: MemoryProcess;

  /**
   * @param machine The machine.
   * @param process The process.
   */
  constructor(machine: MemoryMachine, process: MemoryProcess) {
    this.#machine = machine;
    this.#process = process;
  }

  async stat(path: string): Promise<FileInfo | undefined> {
    try {
      return await this.#do("stat", path, () => {
        const { node } = this.#locate(path);
        return node === undefined ? undefined : this.#machine.infoOf(node);
      });
    } catch (error) {
      if (error instanceof FileError && error.kind === "absent") return undefined;
      throw error;
    }
  }

  realPath(path: string): Promise<string> {
    return this.#do("realPath", path, () => {
      const { path: real, node } = locate(this.#machine.disk, path, { followLast: true });
      if (node === undefined) throw new Failure("absent", "there is nothing");
      return real;
    });
  }

  open(path: string, mode: OpenMode): Promise<OpenFile> {
    return this.#do("open", path, () => {
      const node = mode.access === "create"
        ? this.#create(path, mode.mode)
        : this.#existing(path, mode.access);
      return new MemoryOpenFile(this.#machine, this.#process, node, path, mode.access);
    });
  }

  link(existing: string, path: string): Promise<void> {
    return this.#do("link", existing, () => {
      const from = this.#required(existing);
      const to = this.#locate(path);
      if (to.node !== undefined) throw new Failure("exists", `${path}is there`);
      if (from.node.kind === "directory") throw new Failure("unsupported", `${existing} is a folder`);
      requireSameDevice(from, to);
      requireWritable(this.#machine, to.folder, this.#process);
      this.#setNames([slotOf(this.#machine.disk, to, from.node.id)]);
    }, path);
  }

  rename(from: string, to: string): Promise<void> {
    return this.#do("rename", from, () => {
      const source = this.#required(from);
      const target = this.#locate(to);
      requireSameDevice(source, target);
      requireWritable(this.#machine, source.folder, this.#process);
      requireWritable(this.#machine, target.folder, this.#process);
      // Two names of one file: nothing happens, and both stay (POSIX rename).
      if (source.node.id === target.node?.id && this.#machine.disk.rules === "posix") return;
      if (
        target.node?.kind === "directory" || target.node !== undefined && source.node.kind === "directory"
      ) {
        throw new Failure("other", `${to} cannot be replaced`);
      }
      if (target.node !== undefined) requireReplaceable(this.#machine, target.node);
      this.#setNames([
        slotOf(this.#machine.disk, source, undefined),
        slotOf(this.#machine.disk, target, source.node.id),
      ]);
    }, to);
  }

  remove(path: string): Promise<void> {
    return this.#do("remove", path, () => {
      const location = this.#required(path);
      const { node } = location;
      requireWritable(this.#machine, location.folder, this.#process);
      if (node.kind === "directory" && this.#machine.disk.tree.entries(node.id).length > 0) {
        throw new Failure("other", `${path}is not empty`);
      }
      requireRemovable(this.#machine, node);
      this.#setNames([slotOf(this.#machine.disk, location, undefined)]);
    });
  }

  chmod(path: string, mode: number): Promise<void> {
    return this.#do("chmod", path, () => {
      if (this.#machine.os === "windows") return;
      const { node } = this.#required(path);
      if (node.kind === "symlink") throw new Failure("other", `${path}is a symbolic link`);
      requireOwner(this.#machine, node, this.#process);
      this.#machine.disk.change({ type: "mode", id: node.id, mode: mode & 0o7777 });
    });
  }

  makeDirectory(path: string, mode: number): Promise<void> {
    return this.#do("makeDirectory", path, () => this.#makeDirectory(path, mode));
  }

  list(path: string): Promise<string[]> {
    return this.#do("list", path, () => {
      const { node } = this.#required(path, { followLast: true });
      if (node.kind !== "directory") throw new Failure("absent", `${path}is not a folder`);
      return this.#machine.disk.tree.entries(node.id).map(({ name }) => name);
    });
  }

  syncDirectory(path: string): Promise<void> {
    return this.#do("syncDirectory", path, () => {
      const { node } = this.#required(path, { followLast: true });
      this.#machine.disk.syncFolder(node.id);
    });
  }

  freeSpace(path: string): Promise<number | undefined> {
    return this.#do("freeSpace", path, () => {
      const { node } = this.#required(path, { followLast: true });
      return this.#machine.freeSpace(node.device);
    });
  }

  #makeDirectory(path: string, mode: number): void {
    const parent = path.replace(/[/\\]+[^/\\]+[/\\]*$/, "");
    if (parent !== "" && parent !== path && !/^[a-z]:$/i.test(parent)) this.#makeDirectory(parent, mode);
    if (locate(this.#machine.disk, path, { followLast: true }).node?.kind === "directory") return;
    const location = this.#locate(path);
    if (location.node !== undefined) throw new Failure("exists", `${path}is there`);
    requireWritable(this.#machine, location.folder, this.#process);
    const made = this.#machine.createNode("directory", location.folder, mode, this.#process);
    this.#setNames([slotOf(this.#machine.disk, location, made.id)]);
  }

  #create(path: string, mode: number): Node {
    const location = this.#locate(path);
    if (location.node !== undefined) throw new Failure("exists", `${path}is there`);
    requireWritable(this.#machine, location.folder, this.#process);
    const node = this.#machine.createNode("file", location.folder, mode, this.#process);
    this.#setNames([slotOf(this.#machine.disk, location, node.id)]);
    return node;
  }

  #existing(path: string, access: "read" | "append"): Node {
    const { node } = this.#required(path, { followLast: access === "read" });
    if (node.kind !== "file") throw new Failure("other", `${path}is not a regular file`);
    if (access === "append") requireExtendable(this.#machine, node, this.#process);
    else requireReadable(this.#machine, node, this.#process);
    return node;
  }

  #locate(path: string): Location {
    return locate(this.#machine.disk, path, { followLast: false });
  }

  #required(path: string, { followLast = false } = {}): Location & { node: Node } {
    const location = locate(this.#machine.disk, path, { followLast });
    if (location.node === undefined) throw new Failure("absent", `there is no ${path}`);
    return { ...location, node: location.node };
  }

  #setNames(slots: Slot[]): void {
    this.#machine.disk.change({ type: "entries", slots });
  }

  async #do<T>(name: string, path: string, act: () => T, to?: string): Promise<T> {
    await this.#machine.enter(this.#process, { name, path, to });
    try {
      return act();
    } catch (cause) {
      if (cause instanceof Failure) throw new FileError(cause.kind, name, to ?? path, { cause });
      throw cause;
    }
  }
}

function requireSameDevice(from: Location & { node: Node }, to: Location): void {
  if (from.node.device !== to.folder.device) throw new Failure("cross-device", "another file system");
}
