/**
 * The contract of {@link Runtime}: one suite that every adapter passes, users' own included.
 *
 * @module
 */

import type { Runtime } from "../runtime/types.ts";
import { machineContract } from "./contract_machine.ts";
import { openFileContract } from "./contract_open_file.ts";
import { pathContract } from "./contract_paths.ts";
import { placeContract } from "./contract_places.ts";
import { programContract } from "./contract_programs.ts";

/** Registers one test with a test runner; the `test` of `node:test` and `Deno.test` both fit. */
export type RegisterTest = (name: string, body: () => Promise<void>) => void;

/** A program that behaves as {@link runtimeContract} describes. */
export interface ContractProgram {
  /** The executable. */
  readonly path: string;
  /** Arguments that come before those of a test. */
  readonly args: readonly string[];
  /** What its environment needs besides the variables of a test, such as `HOME`. */
  readonly env: Readonly<Record<string, string>>;
}

/** Something the suite needs, or why it cannot be had here: the tests that need it are then not registered. */
export type Means<T> = { readonly has: T } | { readonly missing: string };

/** The adapter under test, and what the suite needs around it. */
export interface ContractSubject {
  /** The runtime under test. */
  readonly runtime: Runtime;
  /** Makes an empty folder; removed by the subject after the suite. */
  readonly makeFolder: () => Promise<string>;
  /** The program to run, see {@link runtimeContract}. */
  readonly program: () => Promise<ContractProgram>;
  /** Makes a symbolic link. */
  readonly symlink: Means<(target: string, path: string) => Promise<void>>;
  /** Makes a named pipe, or another file that is neither regular nor a folder. */
  readonly namedPipe: Means<(path: string) => Promise<void>>;
  /** A writable folder on another file system. */
  readonly otherDevice: Means<string>;
  /** A folder on a file system that takes 1 MiB at most. */
  readonly smallDevice: Means<string>;
  /** A folder on a file system mounted read-only, with a file `present` that says "present". */
  readonly readOnlyDevice: Means<string>;
  /** A folder that this user must not write to, with a file `present` that says "present". */
  readonly deniedFolder: Means<string>;
  /** Whether the system can end a process with all its children. */
  readonly processTrees: Means<true>;
  /** An HTTP server: `/redirect` answers 302 to `/target`, `/hang` does not answer. */
  readonly origin: string;
  /** Lets time pass, for a runtime whose clock stands still otherwise. */
  readonly elapse?: (milliseconds: number) => Promise<void>;
}

/**
 * Registers the tests that every {@link Runtime} must pass.
 *
 * The subject's program does what its first argument says, and keeps standard output open while it runs:
 * `exit N` exits with the code N; `args …` prints the other arguments as a JSON array; `env` prints its environment as
 * a JSON object; `print N` prints N bytes, half of them to standard error; `pid` prints its process number; `hang`
 * never ends; `crash` ends itself by a signal (on Windows: exits with 1); `family FILE` starts another copy of itself
 * that hangs, writes the copy's process number to FILE, and hangs; `orphan FILE` does the same but then exits with 0.
 *
 * @param test Registers one test.
 * @param subject The adapter and its surroundings.
 *
 * @example The contract holds for the runtime that the library uses by default
 * ```ts ignore
 * import { runtimeContract } from "@cco/updater/testing";
 * import { test } from "node:test";
 *
 * runtimeContract(test, mySubject);
 * ```
 */
export function runtimeContract(test: RegisterTest, subject: ContractSubject): void {
  pathContract(test, subject);
  openFileContract(test, subject);
  placeContract(test, subject);
  programContract(test, subject);
  machineContract(test, subject);
}
