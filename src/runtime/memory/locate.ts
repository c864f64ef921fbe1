/** From a path to what is there, by the rules of an operating system. */

import type { MemoryDisk } from "./disk.ts";
import { Failure } from "./failure.ts";
import { type Node, ROOT, type Slot } from "./tree.ts";

/** Where a path leads: a name in a folder, and what has that name. */
export interface Location {
  /** The folder. */
  readonly folder: Node;
  /** The name in it; empty for the folder at the top. */
  readonly name: string;
  /** What is there. */
  readonly node: Node | undefined;
  /** The path with every link on the way resolved. */
  readonly path: string;
}

/** As many as Linux follows (path_resolution(7)). */
const MOST_LINKS = 40;

/**
 * Follows a path.
 *
 * @param disk The disk.
 * @param path An absolute path.
 * @param options `followLast`: whether a link at the end is followed too.
 * @returns Where it leads, also when nothing is there.
 * @throws Failure `absent` when a folder on the way is missing or is none.
 */
export function locate(disk: MemoryDisk, path: string, { followLast }: { followLast: boolean }): Location {
  const { tree } = disk;
  const todo = partsOf(disk, path);
  const way: { id: number; name: string }[] = [{ id: ROOT, name: "" }];
  let links = 0;
  while (todo.length > 0) {
    const name = todo.shift()!;
    if (name === "..") {
      if (way.length > 1) way.pop();
      continue;
    }
    const folder = tree.node(way.at(-1)!.id);
    if (folder.kind !== "directory") throw new Failure("absent", `${folderPath(disk, way)} is not a folder`);
    const entry = tree.entry(folder.id, keyOf(disk, name));
    const node = entry === undefined ? undefined : tree.node(entry.id);
    const isLast = todo.length === 0;
    if (node?.kind === "symlink" && (!isLast || followLast)) {
      if (++links > MOST_LINKS) throw new Failure("other", "too many symbolic links");
      if (node.target.startsWith("/")) way.length = 1;
      todo.unshift(...split(node.target));
      continue;
    }
    const here = { folder, name: entry?.name ?? name, node, path: "" };
    if (isLast) return { ...here, path: folderPath(disk, [...way, { id: 0, name: here.name }]) };
    if (node === undefined) throw new Failure("absent", `there is no ${name}`);
    way.push({ id: node.id, name: here.name });
  }
  const last = way.at(-1)!;
  const folder = tree.node(way.at(-2)?.id ?? ROOT);
  return { folder, name: last.name, node: tree.node(last.id), path: folderPath(disk, way) };
}

/**
 * What a name at a location shall stand for.
 *
 * @param disk The disk.
 * @param location The location.
 * @param id The node's number; `undefined` to remove the name.
 * @returns The change of one name.
 */
export function slotOf(disk: MemoryDisk, { folder, name }: Location, id: number | undefined): Slot {
  return { folder: folder.id, key: keyOf(disk, name), entry: id === undefined ? undefined : { name, id } };
}

/**
 * The number of what a path leads to.
 *
 * @param disk The disk.
 * @param path An absolute path; links are followed.
 * @returns The node's number, or `undefined` when nothing is there.
 */
export function idAt(disk: MemoryDisk, path: string): number | undefined {
  try {
    return locate(disk, path, { followLast: true }).node?.id;
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

/** The key of a name in a folder: Windows does not tell capitals from small letters. */
function keyOf(disk: MemoryDisk, name: string): string {
  return disk.rules === "windows" ? name.toLowerCase() : name;
}

function partsOf(disk: MemoryDisk, path: string): string[] {
  const isAbsolute = disk.rules === "windows" ? /^[a-z]:[\\/]/i.test(path) : path.startsWith("/");
  if (!isAbsolute) {
    throw new TypeError(`Cannot use a relative path: current value is ${JSON.stringify(path)}`);
  }
  return disk.rules === "windows" ? split(path.replaceAll("\\", "/")) : split(path);
}

function split(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

function folderPath(disk: MemoryDisk, way: readonly { name: string }[]): string {
  const names = way.slice(1).map(({ name }) => name);
  if (disk.rules === "windows") return names.length === 1 ? `${names[0]}\\` : names.join("\\");
  return `/${names.join("/")}`;
}
