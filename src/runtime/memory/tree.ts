/** A file tree as data: files, folders and links by number, and the few changes that can be made to them. */

/** A file, folder, link or pipe. */
export interface Node {
  /** Its number, never given twice on a disk. */
  readonly id: number;
  readonly kind: "file" | "directory" | "symlink" | "other";
  /** On which file system it lies. */
  readonly device: number;
  readonly uid: number;
  readonly gid: number;
  /** What a symbolic link says. */
  readonly target: string;
  /** Permission bits. */
  mode: number;
  /** Last change of the content, in milliseconds since the epoch. */
  modifiedAt: number;
  /** A file's content. */
  content: Content;
}

/** A name in a folder. */
export interface Entry {
  readonly name: string;
  readonly id: number;
}

/** One name in one folder and what it shall stand for; `undefined` removes it. */
export interface Slot {
  readonly folder: number;
  readonly key: string;
  readonly entry: Entry | undefined;
}

/** A change that reaches the disk as a whole or not at all. */
export type Change =
  | { readonly type: "entries"; readonly slots: readonly Slot[] }
  | { readonly type: "write"; readonly id: number; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly type: "size"; readonly id: number; readonly size: number }
  | { readonly type: "mode"; readonly id: number; readonly mode: number };

/** The bytes of a file, which can grow cheaply. */
export class Content {
  #buffer: Uint8Array;
  #size: number;

  constructor(bytes: Uint8Array = new Uint8Array()) {
    this.#buffer = bytes;
    this.#size = bytes.length;
  }

  get size(): number {
    return this.#size;
  }

  /** The bytes, not to be changed. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#size);
  }

  /** Writes at `offset`; what lies between the end and there becomes zeros, as on a real disk. */
  write(offset: number, bytes: Uint8Array): void {
    this.resize(Math.max(this.#size, offset + bytes.length));
    this.#buffer.set(bytes, offset);
  }

  resize(size: number): void {
    if (size > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(size, this.#buffer.length * 2));
      larger.set(this.bytes);
      this.#buffer = larger;
    } else if (size < this.#size) this.#buffer.fill(0, size, this.#size);
    this.#size = size;
  }

  clone(): Content {
    return new Content(this.bytes.slice());
  }
}

/** The number of the folder at the top. */
export const ROOT = 1;

/** Nodes and the folders that name them. */
export class Tree {
  readonly nodes: Map<number, Node> = new Map();
  readonly #folders = new Map<number, Map<string, Entry>>();

  /** Makes a node known; it is found once a folder names it. */
  add(node: Node): void {
    this.nodes.set(node.id, { ...node, content: node.content.clone() });
    if (node.kind === "directory") this.#folders.set(node.id, new Map());
  }

  node(id: number): Node {
    const node = this.nodes.get(id);
    if (node === undefined) throw new RangeError(`Cannot find node ${id}: the disk has no such node`);
    return node;
  }

  entry(folder: number, key: string): Entry | undefined {
    return this.#folders.get(folder)?.get(key);
  }

  entries(folder: number): Entry[] {
    return [...this.#folders.get(folder)?.values() ?? []];
  }

  apply(change: Change): void {
    switch (change.type) {
      case "entries":
        for (const { folder, key, entry } of change.slots) {
          const names = this.#folders.get(folder)!;
          if (entry === undefined) names.delete(key);
          else names.set(key, entry);
        }
        break;
      case "write":
        this.node(change.id).content.write(change.offset, change.bytes);
        break;
      case "size":
        this.node(change.id).content.resize(change.size);
        break;
      case "mode":
        this.node(change.id).mode = change.mode;
    }
  }

  /** What is found from the top, each node once. */
  reachable(): Set<Node> {
    const found = new Set([this.node(ROOT)]);
    // A set hands out what is added while it is walked.
    for (const { id } of found) for (const entry of this.entries(id)) found.add(this.node(entry.id));
    return found;
  }

  clone(): Tree {
    const copy = new Tree();
    for (const node of this.nodes.values()) copy.add(node);
    for (const [folder, names] of this.#folders) copy.#folders.set(folder, new Map(names));
    return copy;
  }

  /** Everything that a program could find out, as text: equal for equal trees. */
  fingerprint(): string {
    const order = new Map<number, number>();
    const decoder = new TextDecoder("latin1");
    const lines: string[] = [];
    const walk = (folder: number, path: string) => {
      const sorted = this.entries(folder).sort((a, b) => a.name < b.name ? -1 : 1);
      for (const { name, id } of sorted) {
        const node = this.node(id);
        if (!order.has(id)) order.set(id, order.size);
        const what = node.kind === "symlink" ? node.target : decoder.decode(node.content.bytes);
        lines.push(JSON.stringify([`${path}/${name}`, order.get(id), node.kind, node.mode, what]));
        if (node.kind === "directory") walk(id, `${path}/${name}`);
      }
    };
    walk(ROOT, "");
    return lines.join("\n");
  }
}
