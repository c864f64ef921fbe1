/** Runtimes that leave out or exchange one step: the exploration must notice. */

import type { FileSystem, OpenFile, Runtime } from "../../../src/runtime/types.ts";

/** A step that reaches the disk. */
export interface Step {
  /** The operation, such as `sync`. */
  readonly name: string;
  /** The last part of the path. */
  readonly file: string;
}

/** What is done with one step. */
export type Interference = (step: Step, carryOut: () => Promise<void>) => Promise<void>;

/**
 * Hands every step that reaches the disk to an interference, which carries it out, or later, or not at all.
 *
 * @param runtime The runtime.
 * @param interfere Decides.
 * @returns The runtime with the interference.
 */
export function interfered(runtime: Runtime, interfere: Interference): Runtime {
  const { fs } = runtime;
  const step = (name: string, path: string, carryOut: () => Promise<void>) =>
    interfere(
      { name, file: path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1) },
      carryOut,
    );
  const interferedFs: FileSystem = {
    stat: (path) => fs.stat(path),
    realPath: (path) => fs.realPath(path),
    open: async (path, mode) => interferedFile(await fs.open(path, mode), (act) => step("sync", path, act)),
    link: (existing, path) => step("link", path, () => fs.link(existing, path)),
    rename: (from, to) => step("rename", to, () => fs.rename(from, to)),
    remove: (path) => step("remove", path, () => fs.remove(path)),
    chmod: (path, mode) => step("chmod", path, () => fs.chmod(path, mode)),
    makeDirectory: (path, mode) => fs.makeDirectory(path, mode),
    list: (path) => fs.list(path),
    syncDirectory: (path) => step("syncDirectory", path, () => fs.syncDirectory(path)),
    freeSpace: (path) => fs.freeSpace(path),
  };
  return { ...runtime, fs: interferedFs };
}

function interferedFile(file: OpenFile, sync: (act: () => Promise<void>) => Promise<void>): OpenFile {
  return {
    stat: () => file.stat(),
    readAt: (offset, into) => file.readAt(offset, into),
    append: (bytes) => file.append(bytes),
    truncate: (size) => file.truncate(size),
    sync: () => sync(() => file.sync()),
    close: () => file.close(),
  };
}

/**
 * Names steps by what they do after what, so that a table can speak of them: `syncDirectory apps, after rename app`.
 *
 * @returns Names the next step; random parts of names become `*`, repeated names get a number.
 */
export function stepNames(): (step: Step) => string {
  const seen = new Map<string, number>();
  let before = "the start";
  return (step) => {
    const what = `${step.name} ${step.file.replace(/(\d+-)?[0-9a-f]{16}/, "*")}`;
    const name = `${what}, after ${before}`;
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    before = what;
    return count === 1 ? name : `${name} (${count})`;
  };
}

/** A step by its name, or all whose names match. */
export type Steps = string | RegExp;

/** Leaves steps out. */
export function without(runtime: Runtime, left: readonly Steps[]): Runtime {
  const nameOf = stepNames();
  return interfered(runtime, (step, carryOut) => {
    const name = nameOf(step);
    return left.some((one) => isOne(one, name)) ? Promise.resolve() : carryOut();
  });
}

/** Carries a step out only after a later one. */
export function postponed(runtime: Runtime, late: Steps, until: Steps): Runtime {
  const nameOf = stepNames();
  let held: (() => Promise<void>) | undefined;
  return interfered(runtime, async (step, carryOut) => {
    const name = nameOf(step);
    if (isOne(late, name)) return void (held = carryOut);
    await carryOut();
    if (isOne(until, name)) await held?.();
  });
}

function isOne(steps: Steps, name: string): boolean {
  return typeof steps === "string" ? steps === name : steps.test(name);
}
