/**
 * Everything that `cco` says. Text is made safe here, once, whatever it is and wherever it came from (T30).
 *
 * @module
 */

import { safeLine } from "../../machine.ts";
import type { Terminal } from "./terminal.ts";

/** How much to say, and in which form. */
export interface OutputOptions {
  /** One JSON document on standard output and nothing else. */
  readonly json: boolean;
  /** Answers and failures only. */
  readonly quiet: boolean;
  /** Details as well, on standard error. */
  readonly verbose: boolean;
}

const RESET = "\x1b[0m";
const COLOURS: readonly (readonly [start: string, colour: string])[] = [
  ["✅", "\x1b[32m"],
  ["  ✓", "\x1b[32m"],
  ["ℹ️", "\x1b[36m"],
  ["⚠️", "\x1b[33m"],
  ["❌", "\x1b[31m"],
  ["→", "\x1b[2m"],
];
const RED = "\x1b[31m";

/** The one way to standard output and standard error. */
export class Output {
  /** How much is said, and in which form. */
  readonly options: OutputOptions;
  readonly #terminal: Terminal;
  #unwritten: string | undefined;

  /**
   * @param terminal Where to write.
   * @param options How much to say.
   */
  constructor(terminal: Terminal, options: OutputOptions) {
    this.#terminal = terminal;
    this.options = options;
  }

  /** Why something could not be written, `undefined` when all was: a full disk, a terminal that is gone. */
  get unwritten(): string | undefined {
    return this.#unwritten;
  }

  /** A line of the answer: what was asked for. */
  line(text = ""): void {
    if (!this.options.json) this.#write("stdout", this.#paint("stdout", safeLine(text)) + "\n");
  }

  /** A word and its description with a tab between them, for programs that split there. */
  tabbed(word: string, description: string): void {
    if (this.options.json) return;
    this.#write("stdout", safeLine(word) + (description === "" ? "" : `\t${safeLine(description)}`) + "\n");
  }

  /** A line about what is going on or what to do next: not with `--quiet`. */
  step(text = ""): void {
    if (!this.options.quiet) this.line(text);
  }

  /** A question: written without a line end. */
  ask(text: string): void {
    this.#write("stdout", text);
  }

  /** The one JSON document of `--json`; nothing otherwise. */
  document(value: unknown): void {
    if (this.options.json) this.#write("stdout", JSON.stringify(value) + "\n");
  }

  /** A detail, on standard error with `--verbose`. */
  detail(text: string): void {
    if (this.options.verbose && !this.options.json) this.#write("stderr", safeLine(text) + "\n");
  }

  /** Something to know that is no failure: standard error, not with `--quiet` or `--json`. */
  note(text: string): void {
    if (this.options.quiet || this.options.json) return;
    this.#write("stderr", this.#paint("stderr", safeLine(text)) + "\n");
  }

  /** A failure: one line on standard error. */
  failure(text: string): void {
    if (this.options.json) return;
    const line = safeLine(text, 4000);
    this.#write("stderr", (this.decorated("stderr") ? RED + line + RESET : line) + "\n");
  }

  /** What could not be written elsewhere, in whichever form: standard error is the last place to say so. */
  last(text: string): void {
    this.#write("stderr", safeLine(text, 4000) + "\n");
  }

  /** A moving part, on standard error: for callers that have asked {@link Output.decorated}. */
  raw(text: string): void {
    this.#write("stderr", text);
  }

  /** The width of the screen. */
  get columns(): number {
    return this.#terminal.columns();
  }

  /** Whether colour and moving parts are welcome on a stream. */
  decorated(stream: "stdout" | "stderr"): boolean {
    const { quiet, json } = this.options;
    const { env, isTerminal } = this.#terminal;
    return !quiet && !json && !env("NO_COLOR") && env("TERM") !== "dumb" && isTerminal(stream);
  }

  /** What is being done goes on without its words: an installation that stops half-way helps nobody. */
  #write(stream: "stdout" | "stderr", text: string): void {
    try {
      if (stream === "stdout") this.#terminal.write(text);
      else this.#terminal.writeError(text);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#unwritten ??= `Cannot write to standard ${stream === "stdout" ? "output" : "error"}: ${why}`;
    }
  }

  #paint(stream: "stdout" | "stderr", line: string): string {
    const colour = COLOURS.find(([start]) => line.startsWith(start))?.[1];
    return colour !== undefined && this.decorated(stream) ? colour + line + RESET : line;
  }
}
