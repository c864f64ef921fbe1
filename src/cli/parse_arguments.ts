/**
 * From words to a command with its flags and values.
 *
 * `node:util` has a parser, but importing it costs 6 to 8 ms of start-up in Deno 2.9, half of a whole start.
 *
 * @module
 */

import { type Command, type Flag, GLOBAL_FLAGS } from "./command.ts";

/** A command line, understood. */
export interface Parsed {
  /** The command, and those it is below of, outermost first. */
  readonly path: readonly Command[];
  /** The flags that were given; a switch has the value `""`. The last one counts where one is repeated. */
  readonly flags: ReadonlyMap<string, string>;
  /** All values of the flags that were given, in their order. */
  readonly repeated: ReadonlyMap<string, readonly string[]>;
  /** The values given by place. */
  readonly values: readonly string[];
}

/** A word that is not known, and those that could have been meant. */
export interface Unknown {
  /** What was written. */
  readonly word: string;
  /** What could have been meant. */
  readonly candidates: readonly string[];
}

/** A command line that cannot be understood: exit code 2. */
export class UsageError extends Error {
  /** Always `"UsageError"`. */
  override readonly name = "UsageError";
  /** The commands that were understood, outermost first. */
  readonly path: readonly Command[];
  /** A word that is not known, and those that are. */
  readonly unknown: Unknown | undefined;

  /**
   * @param message What is wrong.
   * @param path The commands that were understood.
   * @param unknown A word that is not known, and those that are.
   */
  constructor(message: string, path: readonly Command[], unknown?: Unknown) {
    super(message);
    this.path = path;
    this.unknown = unknown;
  }
}

/**
 * Understands a command line. Flags may stand anywhere; `--flag=value` and `--flag value` are the same; `--` ends flags.
 *
 * @param root The command without a name, whose commands are the program's.
 * @param words The words after the program's name.
 * @returns The command line, understood; with `--help` among the flags nothing is required of the rest.
 * @throws {UsageError} When it cannot be understood.
 */
export function parseArguments(root: Command, words: readonly string[]): Parsed {
  const reader = new Reader(root);
  for (let index = 0; index < words.length;) index = reader.read(words, index);
  return reader.finish();
}

/**
 * The flags of a command: its own and those of every command.
 *
 * @param command The command.
 * @returns Its flags.
 */
export function flagsOf(command: Command): readonly Flag[] {
  return [...command.flags ?? [], ...GLOBAL_FLAGS];
}

/** The commands, or where a command of that very name is further down: `cco status` is `cco daemon status`. */
function candidatesFor(word: string, commands: readonly Command[]): string[] {
  const below = commands.filter((command) => command.commands?.some(({ name }) => name === word));
  if (below.length > 0) return below.map(({ name }) => `${name} ${word}`);
  return commands.filter(({ hidden }) => !hidden).map(({ name }) => name);
}

class Reader {
  readonly #path: Command[];
  readonly #flags = new Map<string, string>();
  readonly #repeated = new Map<string, string[]>();
  readonly #values: string[] = [];
  #onlyValues = false;

  constructor(root: Command) {
    this.#path = [root];
  }

  get #command(): Command {
    return this.#path.at(-1)!;
  }

  /** Reads one word, or a flag with its value, and returns the index of the next. */
  read(words: readonly string[], index: number): number {
    const word = words[index]!;
    if (this.#onlyValues || !word.startsWith("-") || word === "-") this.#value(word);
    else if (word === "--") this.#onlyValues = true;
    else return this.#flag(words, index);
    return index + 1;
  }

  finish(): Parsed {
    const result = { path: this.#path, flags: this.#flags, repeated: this.#repeated, values: this.#values };
    if (this.#flags.has("help")) return result;
    const { commands, load, positionals = [] } = this.#command;
    if (load === undefined && this.#path.length > 1) {
      const names = (commands ?? []).filter(({ hidden }) => !hidden).map(({ name }) => name).join("|");
      throw this.#error(`Missing command: ${this.#name()} ${names}`);
    }
    const absent = positionals.find(({ optional }, place) => !optional && place >= this.#values.length);
    if (absent !== undefined) throw this.#error(`Missing value: ${absent.name}`);
    return result;
  }

  #value(word: string): void {
    const { commands, positionals = [] } = this.#command;
    const next = commands?.find(({ name }) => name === word);
    if (next !== undefined && this.#values.length === 0) {
      this.#path.push(next);
      return;
    }
    if (commands !== undefined && this.#command.load === undefined) {
      const names = [...this.#path.slice(1).map(({ name }) => name), word].join(" ");
      throw this.#error(`Unknown command: ${names}`, { word, candidates: candidatesFor(word, commands) });
    }
    const last = positionals.at(-1);
    if (this.#values.length >= positionals.length && !last?.many) {
      throw this.#error(`Unexpected value: ${word}`);
    }
    this.#values.push(word);
  }

  #flag(words: readonly string[], index: number): number {
    const word = words[index]!;
    const equals = word.indexOf("=");
    const [name, inline] = equals < 0 ? [word] : [word.slice(0, equals), word.slice(equals + 1)];
    const flag = flagsOf(this.#command).find((known) =>
      name === `--${known.name}` || (known.short !== undefined && name === `-${known.short}`)
    );
    if (flag === undefined) {
      const candidates = flagsOf(this.#command).map((known) => `--${known.name}`);
      throw this.#error(`Unknown flag: ${name}`, { word: name, candidates });
    }
    if (flag.value === undefined) {
      if (inline !== undefined) throw this.#error(`Unexpected value: ${name} takes none`);
      this.#flags.set(flag.name, "");
      return index + 1;
    }
    const value = inline ?? words[index + 1];
    if (value === undefined || (inline === undefined && /^--?[A-Za-z]/.test(value))) {
      throw this.#error(`Missing value: ${name} ${flag.value}`);
    }
    this.#flags.set(flag.name, value);
    this.#repeated.set(flag.name, [...this.#repeated.get(flag.name) ?? [], value]);
    return inline === undefined ? index + 2 : index + 1;
  }

  #name(): string {
    return this.#path.map(({ name }) => name).join(" ");
  }

  #error(message: string, unknown?: Unknown): UsageError {
    return new UsageError(message, this.#path, unknown);
  }
}
