/** Programs for a machine in memory: what a file does when it is run. */

import type { Runtime } from "../types.ts";

/** A program that is being run. */
export interface MemoryCall {
  /** The path it was started by. */
  readonly path: string;
  /** The content of its file. */
  readonly content: Uint8Array;
  /** Its arguments. */
  readonly args: readonly string[];
  /** Its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** The machine as this program sees it: what it does there, it does under its own process number. */
  readonly runtime: Runtime;
  /** Starts a child of this program that does nothing and never ends; returns its process number. */
  readonly spawn: () => number;
}

/** What a program does. */
export interface MemoryBehaviour {
  /** What it writes to standard output. @default "" */
  readonly stdout?: string;
  /** What it writes to standard error. @default "" */
  readonly stderr?: string;
  /** Its exit code. @default 0 */
  readonly exitCode?: number;
  /** How it ends: by itself, by a signal, or not at all. @default "exit" */
  readonly end?: "exit" | "signal" | "never";
}

/** Says what a program does; `undefined` for a file that is no program. */
export type MemoryPrograms = (
  call: MemoryCall,
) => MemoryBehaviour | undefined | Promise<MemoryBehaviour | undefined>;

const MAGIC = "#!memory ";

/**
 * Makes the content of an executable that does the same whenever it is run. One that was damaged or only partly written
 * is no program any more.
 *
 * @param behaviour What it does.
 * @returns The content of its file.
 */
export function memoryProgram(behaviour: MemoryBehaviour): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(MAGIC + JSON.stringify(behaviour));
}

/**
 * The programs that {@link memoryProgram} makes.
 *
 * @param call What is being run.
 * @returns What it does, if it is such a program.
 */
export function selfDescribing({ content }: Pick<MemoryCall, "content">): MemoryBehaviour | undefined {
  const text = new TextDecoder().decode(content);
  if (!text.startsWith(MAGIC)) return undefined;
  try {
    return JSON.parse(text.slice(MAGIC.length));
  } catch {
    return undefined;
  }
}
