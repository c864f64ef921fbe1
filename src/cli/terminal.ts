/**
 * The world as commands see it: words, environment, streams and keys. Tests put their own in its place.
 *
 * @module
 */

import type { Fetch } from "../../machine.ts";

/** One of the three standard streams. */
export type Stream = "stdin" | "stdout" | "stderr";

/** How to reach the network where it is not open. */
export interface Network {
  /** The proxy's address; the environment's when `undefined`. */
  readonly proxy: string | undefined;
  /** A file of PEM certificates to trust besides the system's. */
  readonly caFile: string | undefined;
}

/** Where a command is given and answered. */
export interface Terminal {
  /** The words after the program's name. */
  readonly args: readonly string[];
  /** An environment variable, `undefined` when it is not set. */
  readonly env: (name: string) => string | undefined;
  /** The names of all environment variables that are set. */
  readonly envNames: () => readonly string[];
  /** The user's folder; `undefined` for an account without one. */
  readonly home: () => Promise<string | undefined>;
  /** The folder that relative paths start from. */
  readonly cwd: () => string;
  /** Writes to standard output. A reader that has gone away is not an error: `cco update --check | grep -q …`. */
  readonly write: (text: string) => void;
  /** Writes to standard error. */
  readonly writeError: (text: string) => void;
  /** Whether a person sits at the other end of a stream. */
  readonly isTerminal: (stream: Stream) => boolean;
  /** Width in characters; 80 when unknown. */
  readonly columns: () => number;
  /** The next line that is typed, without its end; `undefined` at the end of input. Rejects when `signal` aborts. */
  readonly readLine: (signal: AbortSignal) => Promise<string | undefined>;
  /** Asks on standard error for a line that does not appear on the screen. Only where `stdin` is a terminal. */
  readonly readHidden: (question: string, signal: AbortSignal) => Promise<string | undefined>;
  /** All of standard input, as text; at most 64 KiB of it. */
  readonly readInput: (signal: AbortSignal) => Promise<string>;
  /** Aborts when the person presses Ctrl-C or the system asks to stop. Listening starts with the first read. */
  readonly signal: AbortSignal;
  /** A `fetch` that uses a proxy and certificates of the settings. */
  readonly fetchThrough: (network: Network) => Promise<Fetch>;
  /** Runs a program on this terminal, such as an editor, and returns its exit code. */
  readonly run: (command: string, args: readonly string[]) => Promise<number>;
}

/** The reason with which {@link Terminal.signal} aborts. */
export class Interrupted extends Error {
  /** Always `"Interrupted"`. */
  override readonly name = "Interrupted";
  /** What the process is to exit with: 130 for Ctrl-C, 143 for a request to stop. */
  readonly exitCode: number;

  /** @param exitCode What the process is to exit with. */
  constructor(exitCode: number) {
    super("Interrupted");
    this.exitCode = exitCode;
  }
}
