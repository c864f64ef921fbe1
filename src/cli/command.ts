/**
 * What a command is: one entry of the table that drives parsing, help, completion and the documentation.
 *
 * @module
 */

import type { Invocation } from "./invocation.ts";

/** Which words completion offers for a value. */
export type Words = "keys" | "values" | "channels" | "shells" | "files" | "backups" | readonly string[];

/** A value that is given by its place. */
export interface Positional {
  /** Its name in usage lines, such as `KEY`. */
  readonly name: string;
  /** Whether it can be left out. */
  readonly optional?: boolean;
  /** Whether more of the same may follow. */
  readonly many?: boolean;
  /** What completion offers. */
  readonly words?: Words;
}

/** A flag, given as `--name`. */
export interface Flag {
  /** Its name without the dashes. */
  readonly name: string;
  /** One letter for `-n`. */
  readonly short?: string;
  /** The name of its value, such as `FILE`; absent for a switch. */
  readonly value?: string;
  /** What completion offers for the value. */
  readonly words?: Words;
  /** What it does, in a few words. */
  readonly summary: string;
}

/** What a command does. Returns the exit code. */
export type Run = (invocation: Invocation) => Promise<number>;

/** A command. It has either `load`, or commands of its own. */
export interface Command {
  /** Its name. */
  readonly name: string;
  /** What it does, in a few words. */
  readonly summary: string;
  /** Values by place. */
  readonly positionals?: readonly Positional[];
  /** Its own flags; {@link GLOBAL_FLAGS} are added to every command. */
  readonly flags?: readonly Flag[];
  /** Lines for the help: a command line and what it is for. */
  readonly examples?: readonly (readonly [line: string, purpose: string])[];
  /** Commands below this one. */
  readonly commands?: readonly Command[];
  /** Loads what it does, only when it is run. */
  readonly load?: () => Promise<Run>;
  /** Whether the file of `--config` may be missing, because this makes it. */
  readonly makesConfig?: boolean;
  /** Whether help and completion leave it out. */
  readonly hidden?: boolean;
}

/** Flags of every command. */
export const GLOBAL_FLAGS: readonly Flag[] = [
  { name: "json", summary: "one JSON document on standard output" },
  { name: "quiet", summary: "answers and failures only" },
  { name: "verbose", summary: "details on standard error" },
  { name: "config", value: "FILE", words: "files", summary: "use this configuration file" },
  { name: "help", short: "h", summary: "show this help" },
];
