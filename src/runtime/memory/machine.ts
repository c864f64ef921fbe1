/** A machine in memory: a disk, a clock, processes, and everything that can go wrong, on demand. */

import type { FileInfo, Runtime } from "../types.ts";
import { MemoryClock } from "./clock.ts";
import { MemoryDisk } from "./disk.ts";
import { Failure } from "./failure.ts";
import { idAt, locate, type Location, slotOf } from "./locate.ts";
import type { MemoryMachineOptions, MemoryProcessOptions } from "./machine_options.ts";
import { Operations } from "./operation.ts";
import { type MemoryProcess, MemoryProcesses, USER } from "./processes.ts";
import { type MemoryPrograms, selfDescribing } from "./program.ts";
import { seededRandom } from "./random.ts";
import { runtimeOf } from "./runtime.ts";
import { Content, type Node, ROOT } from "./tree.ts";

/** The runtime of one process on a {@link MemoryMachine}. */
export interface MemoryRuntime extends Runtime {
  /** The machine, to be looked at and interfered with. */
  readonly machine: MemoryMachine;
  /** Ends the process: nothing that it has begun goes on. Its disk stays as it is. */
  readonly kill: () => void;
}

/** A machine in memory. */
export class MemoryMachine {
  /** How it was made. */
  readonly options: MemoryMachineOptions;
  /** Operating system. */
  readonly os: "linux" | "darwin" | "windows";
  /** Its disk. */
  readonly disk: MemoryDisk;
  /** Its clock. */
  readonly clock: MemoryClock;
  /** What its processes do. */
  readonly operations: Operations = new Operations();
  /** What executables do. */
  readonly programs: MemoryPrograms;
  /**
   * Its processes.
   * @internal
   */
  readonly processes: MemoryProcesses;
  readonly #random: () => number;

  /**
   * Starts a machine.
   *
   * @param options How it is made.
   */
  constructor(options: MemoryMachineOptions = {}) {
    const { os = "linux", now = Date.UTC(2026, 0), clock = "instant", programs = selfDescribing } = options;
    const rules = os === "windows" ? "windows" : "posix";
    this.options = options;
    this.os = os;
    this.disk = options.disk ?? new MemoryDisk(rules);
    if (this.disk.rules !== rules) {
      throw new TypeError(`Cannot start ${os} from this disk: its rules are those of ${this.disk.rules}`);
    }
    this.disk.starts++;
    this.clock = new MemoryClock(now, clock);
    this.programs = programs;
    this.processes = new MemoryProcesses(this.disk);
    this.#random = seededRandom(options.seed ?? this.disk.starts);
    options.devices?.forEach(({ path }, index) => this.putFolder(path, { device: index + 2 }));
  }

  /**
   * Starts a process.
   *
   * @param options Its number, executable and user.
   * @returns Its runtime.
   */
  start(options: MemoryProcessOptions = {}): MemoryRuntime {
    const execPath = options.execPath ?? (this.os === "windows" ? "C:\\bin\\app.exe" : "/bin/app");
    return runtimeOf(this, this.processes.start({ ...options, execPath }), execPath);
  }

  /**
   * Puts a file on the disk, with all folders that it needs. Everything on the disk is durable afterwards.
   *
   * @param path Where.
   * @param content What it holds; text is encoded as UTF-8.
   * @param options `mode`: permission bits, 0o755 when absent; `uid`: whose it is, 1000 when absent.
   */
  put(path: string, content: Uint8Array | string, options: { mode?: number; uid?: number } = {}): void {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content.slice();
    this.#place(path, { kind: "file", content: new Content(bytes), ...options });
  }

  /** Makes a folder, durably, with all folders that it needs; see {@link put}. */
  putFolder(path: string, options: { mode?: number; uid?: number; device?: number } = {}): void {
    this.#place(path, { kind: "directory", ...options });
  }

  /** Makes a symbolic link, durably; see {@link put}. */
  putLink(target: string, path: string): void {
    this.#place(path, { kind: "symlink", target, mode: 0o777 });
  }

  /** Makes a named pipe, durably; see {@link put}. */
  putPipe(path: string): void {
    this.#place(path, { kind: "other" });
  }

  /** The content of the file at `path`, links followed, as text; `undefined` when there is none. */
  read(path: string): string | undefined {
    const id = idAt(this.disk, path);
    const node = id === undefined ? undefined : this.disk.tree.node(id);
    return node?.kind === "file" ? new TextDecoder().decode(node.content.bytes) : undefined;
  }

  /** The permission bits of what is at `path`, links followed; `undefined` when nothing is. */
  mode(path: string): number | undefined {
    const id = idAt(this.disk, path);
    return id === undefined ? undefined : this.disk.tree.node(id).mode;
  }

  /** The names in the folder at `path`, sorted. */
  names(path: string): string[] {
    const { node } = locate(this.disk, path, { followLast: true });
    return node === undefined ? [] : this.disk.tree.entries(node.id).map(({ name }) => name).sort();
  }

  /**
   * Announces an operation of a process; one of a process that has ended is never carried out.
   * @internal
   */
  async enter(
    process: MemoryProcess,
    facts: { name: string; path: string; to?: string | undefined },
  ): Promise<void> {
    this.clock.touch();
    if (process.isAlive) await this.operations.announce({ ...facts, to: facts.to, pid: process.pid });
    if (!process.isAlive) await new Promise<never>(() => {});
  }

  /**
   * The same for an operation that cannot wait.
   * @internal
   */
  enterNow(process: MemoryProcess, facts: { name: string; path: string }): void {
    this.clock.touch();
    if (process.isAlive) this.operations.announceNow({ ...facts, to: undefined, pid: process.pid });
    if (!process.isAlive) throw new Error(`Process ${process.pid} has ended`);
  }

  /** Fresh random bytes, the same ones for the same seed. */
  random(bytes: number): Uint8Array {
    return Uint8Array.from({ length: bytes }, () => Math.floor(this.#random() * 256));
  }

  /** Whether nothing can be changed on a file system. */
  isReadOnly(device: number): boolean {
    return this.processes.startedCount > 0 && this.options.devices?.[device - 2]?.isReadOnly === true;
  }

  /** How many bytes can still be written there; `undefined` without a limit. */
  freeSpace(device: number): number | undefined {
    const capacity = device === 1 ? this.options.capacity : this.options.devices?.[device - 2]?.capacity;
    return capacity === undefined ? undefined : Math.max(0, capacity - this.disk.usedBytes(device));
  }

  /**
   * Makes a node that no folder names yet.
   * @internal
   */
  createNode(kind: "file" | "directory", folder: Node, mode: number, process: MemoryProcess): Node {
    const { device, gid } = folder;
    const facts = { kind, device, gid, uid: process.uid, target: "", content: new Content() };
    return this.disk.create({ ...facts, mode: mode & 0o7777, modifiedAt: this.clock.now });
  }

  /**
   * Extends a file as far as there is room.
   * @internal
   */
  write(node: Node, bytes: Uint8Array): void {
    const room = this.freeSpace(node.device) ?? Infinity;
    const fitting = bytes.slice(0, room);
    this.disk.change({ type: "write", id: node.id, offset: node.content.size, bytes: fitting });
    node.modifiedAt = this.clock.now;
    if (fitting.length < bytes.length) throw new Failure("full", "no space is left");
  }

  /**
   * See `FileSystem.stat`.
   * @internal
   */
  infoOf({ id, kind, device, mode, uid, gid, content, modifiedAt }: Node): FileInfo {
    const posix = this.os === "windows"
      ? { mode: undefined, uid: undefined, gid: undefined }
      : { mode, uid, gid };
    return { kind, size: content.size, ...posix, identity: `${device}:${id}`, modifiedAt };
  }

  #place(path: string, facts: Partial<Node> & Pick<Node, "kind">): void {
    const location = this.#makeParents(path);
    const same = location.node?.kind === "directory" && facts.kind === "directory" &&
      facts.device === undefined;
    const node = same ? location.node! : this.disk.create({
      device: location.folder.device,
      uid: USER,
      gid: USER,
      target: "",
      mode: 0o755,
      modifiedAt: this.clock.now,
      content: new Content(),
      ...facts,
    });
    if (same) Object.assign(node, facts);
    if (location.name !== "") {
      this.disk.change({ type: "entries", slots: [slotOf(this.disk, location, node.id)] });
    }
    this.disk.syncAll();
  }

  #makeParents(path: string): Location {
    const parent = path.replace(/[/\\]+[^/\\]+[/\\]*$/, "");
    const isTop = parent === "" || parent === path;
    const root = this.disk.tree.node(ROOT);
    if (!isTop && idAt(this.disk, `${parent}/`) === undefined) this.putFolder(`${parent}/`);
    if (path === "/") return { folder: root, name: "", node: root, path };
    return locate(this.disk, path, { followLast: false });
  }
}
