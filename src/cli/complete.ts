/**
 * `cco complete`: what could come next. The scripts of `cco completions` ask it at every press of the tab key, so that
 * they are right also after an update.
 *
 * @module
 */

import { CHANNELS } from "../config/kinds.ts";
import { isSettingKey, RECORDED_KEYS, SETTING_KEYS, settingOf } from "../config/settings.ts";
import type { Command, Flag, Words } from "./command.ts";
import type { Invocation } from "./invocation.ts";
import { flagsOf } from "./parse_arguments.ts";
import { SHELLS } from "./shells.ts";

/** One thing that could come next. */
export interface Candidate {
  /** The word. */
  readonly word: string;
  /** What it is, in a few words; may be empty. */
  readonly summary: string;
}

/** Stands for the names of files, which the shell knows best. */
export const FILES: Candidate = { word: ":files", summary: "" };

/**
 * Prints the candidates for the last of the words, one per line, with a tab before the summary.
 *
 * @param invocation The run.
 * @returns The exit code.
 */
export function complete({ output, parsed, root }: Invocation): Promise<number> {
  // Some versions of PowerShell drop an empty word, and others pass on the quotes that keep it.
  const words = parsed.values.map((word) => word === '""' ? "" : word);
  const candidates = candidatesFor(root, words);
  for (const { word, summary } of candidates) output.tabbed(word, summary);
  output.document({ candidates });
  return Promise.resolve(0);
}

/**
 * What could come next.
 *
 * @param root The program.
 * @param words The words after the program's name; the last one is being typed and may be empty.
 * @returns The candidates that begin with what has been typed.
 */
export function candidatesFor(root: Command, words: readonly string[]): Candidate[] {
  const place = new Place(root);
  // Bash takes `--channel=beta` for three words.
  const separate = words.flatMap((word) =>
    /^--[\w-]+=/.test(word)
      ? [word.slice(0, word.indexOf("=")), "=", word.slice(word.indexOf("=") + 1)]
      : [word]
  );
  for (const word of separate.slice(0, -1)) place.pass(word);
  const typed = separate.at(-1) ?? "";
  const isJoined = words.at(-1) !== typed && typed !== "=";
  const prefix = isJoined ? words.at(-1)!.slice(0, words.at(-1)!.length - typed.length) : "";
  const partial = typed === "=" ? "" : typed;
  return place.candidates(partial)
    .filter(({ word }) => word === FILES.word || word.startsWith(partial))
    .map(({ word, summary }) => ({ word: word === FILES.word ? word : prefix + word, summary }));
}

/** Where in a command line the next word stands. */
class Place {
  #command: Command;
  readonly #root: Command;
  readonly #values: string[] = [];
  #flag: Flag | undefined;
  #onlyValues = false;

  constructor(root: Command) {
    this.#command = this.#root = root;
  }

  pass(word: string): void {
    if (word === "=") return;
    if (this.#flag !== undefined) this.#flag = undefined;
    else if (word === "--") this.#onlyValues = true;
    else if (word.startsWith("-") && !this.#onlyValues) {
      const flag = flagsOf(this.#command).find(({ name, short }) =>
        word === `--${name}` || word === `-${short}`
      );
      if (flag?.value !== undefined) this.#flag = flag;
    } else this.#passValue(word);
  }

  candidates(partial: string): Candidate[] {
    if (this.#flag !== undefined) return this.#wordsFor(this.#flag.words);
    if (partial.startsWith("-") && !this.#onlyValues) {
      return flagsOf(this.#command).map(({ name, summary }) => ({ word: `--${name}`, summary }));
    }
    const { commands, positionals = [] } = this.#command;
    if (commands !== undefined) {
      return commands.filter(({ hidden }) => !hidden).map(({ name, summary }) => ({ word: name, summary }));
    }
    const positional = positionals[Math.min(this.#values.length, positionals.length - 1)];
    const isFull = this.#values.length >= positionals.length && !positional?.many;
    return isFull ? [] : this.#wordsFor(positional?.words);
  }

  #passValue(word: string): void {
    // `cco help update` completes as `cco update` does.
    if (word === "help" && this.#command === this.#root) return;
    const next = this.#command.commands?.find(({ name }) => name === word);
    if (next === undefined) this.#values.push(word);
    else this.#command = next;
  }

  #wordsFor(words: Words | undefined): Candidate[] {
    if (words === "files") return [FILES];
    if (words === "keys") return this.#keys();
    if (words === "values") return this.#valuesOfKey();
    const list = words === "channels" ? CHANNELS : words === "shells" ? SHELLS : words ?? [];
    return typeof list === "string" ? [] : list.map((word) => ({ word, summary: "" }));
  }

  #keys(): Candidate[] {
    const keys = SETTING_KEYS.map((key) => ({ word: key as string, summary: settingOf(key).summary }));
    const recorded = this.#command.name === "get" ? RECORDED_KEYS : [];
    return [...keys, ...recorded.map((word) => ({ word, summary: "recorded by cco" }))];
  }

  #valuesOfKey(): Candidate[] {
    const key = this.#values[0] ?? "";
    return isSettingKey(key) ? settingOf(key).kind.words.map((word) => ({ word, summary: "" })) : [];
  }
}
