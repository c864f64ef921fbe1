/**
 * A disk with a write cache: every change is seen at once and reaches the disk only when it is synced.
 * `docs/power_cut_model.md` says exactly what a power cut may keep.
 */

import { type Choices, subsets } from "./subsets.ts";
import { type Change, Content, type Node, ROOT, type Slot, Tree } from "./tree.ts";

/** Whose promises the disk keeps: POSIX (any order) or those of a journal that keeps the order of names (NTFS). */
export type DiskRules = "posix" | "windows";

/** A disk image after a power cut. */
export interface PowerCut {
  /** The disk as the next start finds it. */
  readonly disk: MemoryDisk;
  /** Which of the changes that had not reached the disk were kept, in their order. */
  readonly kept: readonly string[];
  /** Which were lost. */
  readonly lost: readonly string[];
}

/** How many images {@link MemoryDisk.powerCuts} yields at most, unless told otherwise: all subsets of ten changes. */
const MOST_IMAGES = 1024;

/** The disk of a machine in memory. */
export class MemoryDisk {
  /** Whose promises it keeps. */
  readonly rules: DiskRules;
  /** What programs see. */
  readonly #live: Tree;
  /** What has reached the disk. */
  readonly #durable: Tree;
  /** What has not, oldest first. */
  #pending: Change[] = [];
  #lastId: number;
  /** Grows with every change and every sync: while it is the same, so is what a power cut may leave. */
  revision = 0;
  /** How many machines were started from this disk: tells their processes apart. */
  starts = 0;

  /**
   * Makes an empty disk.
   *
   * @param rules Whose promises it keeps.
   * @internal
   */
  constructor(rules: DiskRules, tree: Tree = emptyTree(), lastId: number = ROOT) {
    this.rules = rules;
    this.#live = tree;
    this.#durable = tree.clone();
    this.#lastId = lastId;
  }

  /**
   * What programs see; to be changed through {@link change} only.
   * @internal
   */
  get tree(): Tree {
    return this.#live;
  }

  /** How many changes have not reached the disk. */
  get pendingCount(): number {
    return this.#pending.length;
  }

  /** How many bytes the files of a file system have. */
  usedBytes(device: number): number {
    let bytes = 0;
    for (const node of this.#live.reachable()) if (node.device === device) bytes += node.content.size;
    return bytes;
  }

  /**
   * Makes a node that no folder names yet.
   * @internal
   */
  create(facts: Omit<Node, "id">): Node {
    const node: Node = { ...facts, id: ++this.#lastId };
    this.#live.add(node);
    this.#durable.add(node);
    return this.#live.node(node.id);
  }

  /**
   * Makes a change, in the cache. A write is two changes: a power cut may tear it.
   * @internal
   */
  change(change: Change): void {
    this.revision++;
    this.#live.apply(change);
    this.#pending.push(...(change.type === "write" ? halves(change) : [change]));
  }

  /** A file's content and permission bits reach the disk. */
  syncFile(id: number): void {
    this.revision++;
    this.#flush((change) => change.type !== "entries" && change.id === id);
    if (this.rules === "windows") this.#flushLogUpTo(id);
  }

  /** A folder's names reach the disk. */
  syncFolder(id: number): void {
    if (this.rules === "windows") return;
    this.revision++;
    this.#pending = this.#pending.flatMap((change) => this.#syncNames(change, id));
  }

  /** Everything reaches the disk. */
  syncAll(): void {
    this.#flush(() => true);
  }

  /** An independent copy, write cache included: to come back to this moment later. */
  snapshot(): MemoryDisk {
    const copy = new MemoryDisk(this.rules, this.#durable.clone(), this.#lastId);
    for (const change of this.#pending) copy.#live.apply(change);
    copy.#pending = [...this.#pending];
    copy.starts = this.starts;
    return copy;
  }

  /**
   * What a power cut at this moment may leave: every image that the rules allow, each once.
   *
   * While there are at most `limit` subsets all are tried, beyond that a sample: nothing kept, all kept, each one lost,
   * each one kept, and random subsets.
   *
   * @param seed Chooses the sample.
   * @param limit How many subsets are tried at most.
   */
  *powerCuts(seed = 1, limit: number = MOST_IMAGES): Generator<PowerCut> {
    const seen = new Set<string>();
    for (const isKept of subsets(this.#choices(), seed, limit)) {
      const image = this.#image(isKept);
      const fingerprint = image.fingerprint();
      if (seen.has(fingerprint)) continue;
      seen.add(fingerprint);
      const disk = new MemoryDisk(this.rules, image, this.#lastId);
      disk.starts = this.starts;
      const describe = (wanted: boolean) =>
        this.#pending.filter((_, index) => isKept[index] === wanted).map((change) => this.#describe(change));
      yield { disk, kept: describe(true), lost: describe(false) };
    }
  }

  /** Everything that a program could find out, as text: equal for equal disks. */
  fingerprint(): string {
    return this.#live.fingerprint();
  }

  #flush(isWanted: (change: Change) => boolean): void {
    this.#pending = this.#pending.filter((change) => {
      if (isWanted(change)) this.#durable.apply(change);
      return !isWanted(change);
    });
  }

  /**
   * A journal keeps the order of names, and flushing a file forces it to the disk up to the last change that names the
   * file.
   */
  #flushLogUpTo(id: number): void {
    const last = this.#pending.findLastIndex((change) =>
      change.type === "entries" && names(change.slots, id)
    );
    const early = new Set(this.#pending.slice(0, last + 1));
    this.#flush((change) => change.type === "entries" && early.has(change));
  }

  /** What of a change is still not on the disk after its folder was synced. */
  #syncNames(change: Change, folder: number): Change[] {
    if (change.type !== "entries" || !change.slots.some((slot) => slot.folder === folder)) return [change];
    // A move between folders: when the old folder is on the disk, the new one is, or the file would be nowhere.
    const isGone = change.slots.some((slot) => slot.folder === folder && slot.entry === undefined);
    const [now, later] = isGone ? [change.slots, []] : [
      change.slots.filter((slot) => slot.folder === folder),
      change.slots.filter((slot) => slot.folder !== folder),
    ];
    this.#durable.apply({ type: "entries", slots: now });
    return later.length === 0 ? [] : [{ type: "entries", slots: later }];
  }

  /** Groups of pending changes: in an `ordered` group only the first ones may be kept, in another any. */
  #choices(): Choices {
    const all = this.#pending.map((_, index) => index);
    const isName = (index: number) => this.#pending[index]!.type === "entries";
    return this.rules === "posix"
      ? { ordered: [], free: all }
      : { ordered: all.filter(isName), free: all.filter((index) => !isName(index)) };
  }

  #image(isKept: readonly boolean[]): Tree {
    const image = this.#durable.clone();
    this.#pending.forEach((change, index) => isKept[index] && image.apply(change));
    return image;
  }

  #describe(change: Change): string {
    if (change.type !== "entries") return `${change.type} of ${this.#nameOf(change.id)}`;
    return change.slots.map(({ key, entry }) => entry === undefined ? `-${key}` : `+${entry.name}`).join(" ");
  }

  #nameOf(id: number): string {
    for (const folder of this.#live.nodes.values()) {
      const entry = this.#live.entries(folder.id).find((one) => one.id === id);
      if (entry !== undefined) return entry.name;
    }
    return `file ${id}`;
  }
}

function emptyTree(): Tree {
  const tree = new Tree();
  const everybody = { device: 1, uid: 0, gid: 0, mode: 0o755, modifiedAt: 0 };
  tree.add({ id: ROOT, kind: "directory", target: "", content: new Content(), ...everybody });
  return tree;
}

function halves(change: Extract<Change, { type: "write" }>): Change[] {
  const middle = Math.floor(change.bytes.length / 2);
  const [first, second] = [change.bytes.slice(0, middle), change.bytes.slice(middle)];
  return [{ ...change, bytes: first }, { ...change, offset: change.offset + middle, bytes: second }]
    .filter(({ bytes }) => bytes.length > 0);
}

function names(slots: readonly Slot[], id: number): boolean {
  return slots.some(({ entry }) => entry?.id === id);
}
