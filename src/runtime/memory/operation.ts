/** What programs do, one by one: to be logged, to be made to fail, to be held up. */

import { FileError, type FileErrorKind } from "../../errors.ts";

/** One operation of a program on a machine in memory. */
export interface MemoryOperation {
  /** Its place in the order of all operations of the machine, from 0. */
  readonly index: number;
  /** The port's name for it, such as `rename`; `run` and `fetch` too. */
  readonly name: string;
  /** What it is about: a path or an address. */
  readonly path: string;
  /** Where to, for `rename` and `link`. */
  readonly to: string | undefined;
  /** Which process does it. */
  readonly pid: number;
}

/**
 * Looks at an operation before it happens. A kind makes it fail with that; a promise holds it up (all but `append`,
 * which is synchronous).
 */
export type MemoryHook = (
  operation: MemoryOperation,
) => FileErrorKind | void | Promise<FileErrorKind | void>;

/** An operation that is held up. */
export interface MemoryPause {
  /** Resolves with the operation once a program has arrived at it. */
  readonly reached: Promise<MemoryOperation>;
  /** Lets it go on. */
  resume(): void;
}

/** The operations of a machine, in order. */
export class Operations {
  /** Everything so far. */
  readonly log: MemoryOperation[] = [];
  readonly #hooks = new Set<MemoryHook>();

  /** Calls `hook` before every operation; returns what takes it away again. */
  before(hook: MemoryHook): () => void {
    this.#hooks.add(hook);
    return () => void this.#hooks.delete(hook);
  }

  /** Makes the operations that `matches` chooses fail; returns what ends that. */
  fail(kind: FileErrorKind, matches: (operation: MemoryOperation) => boolean): () => void {
    return this.before((operation) => matches(operation) ? kind : undefined);
  }

  /** Holds up the first operation that `matches` chooses. */
  pause(matches: (operation: MemoryOperation) => boolean): MemoryPause {
    let arrive!: (operation: MemoryOperation) => void;
    let resume!: () => void;
    const reached = new Promise<MemoryOperation>((resolve) => arrive = resolve);
    const resumed = new Promise<void>((resolve) => resume = resolve);
    const remove = this.before((operation) => {
      if (!matches(operation)) return;
      remove();
      arrive(operation);
      return resumed;
    });
    return { reached, resume };
  }

  /** Announces an operation; rejects when a hook makes it fail. */
  async announce(facts: Omit<MemoryOperation, "index">): Promise<void> {
    const operation = this.#record(facts);
    for (const hook of this.#hooks) fail(operation, await hook(operation));
  }

  /** Announces an operation that cannot wait. */
  announceNow(facts: Omit<MemoryOperation, "index">): void {
    const operation = this.#record(facts);
    for (const hook of this.#hooks) {
      const answer = hook(operation);
      if (answer instanceof Promise) {
        throw new TypeError(`Cannot hold up ${operation.name} of ${operation.path}: it is synchronous`);
      }
      fail(operation, answer);
    }
  }

  #record(facts: Omit<MemoryOperation, "index">): MemoryOperation {
    const operation = { ...facts, index: this.log.length };
    this.log.push(operation);
    return operation;
  }
}

function fail({ name, path }: MemoryOperation, kind: FileErrorKind | void): void {
  if (kind === undefined) return;
  throw new FileError(kind, name, path, { cause: new Error("made to fail by a test") });
}
