/** How machines and processes in memory are made. */

import type { MemoryDisk } from "./disk.ts";
import type { MemoryPrograms } from "./program.ts";

/** A further file system of a machine. */
export interface MemoryDevice {
  /** The folder it is found under; made if it is not there. */
  readonly path: string;
  /** How many bytes its files may have. */
  readonly capacity?: number;
  /** Whether nothing can be changed there once the machine has started its first process. */
  readonly isReadOnly?: boolean;
}

/** How a machine in memory is made. */
export interface MemoryMachineOptions {
  /** Its operating system. @default "linux" */
  readonly os?: "linux" | "darwin" | "windows";
  /** Its processor. @default "x86_64" */
  readonly arch?: string;
  /** The disk to start from, such as one that a power cut has left; an empty one when absent. */
  readonly disk?: MemoryDisk;
  /** How many bytes the files of the disk may have. @default no limit */
  readonly capacity?: number;
  /** Further file systems. */
  readonly devices?: readonly MemoryDevice[];
  /** What executables do; those of {@link import("./program.ts").memoryProgram} when absent. */
  readonly programs?: MemoryPrograms;
  /** Answers HTTP requests; without it there is no network. */
  readonly fetch?: (url: string, init: RequestInit) => Response | Promise<Response>;
  /** Chooses the random bytes. @default another for every start of a disk */
  readonly seed?: number;
  /** The time at the start, in milliseconds since the epoch. @default 2026-01-01 */
  readonly now?: number;
  /** `instant`: when everybody waits, the time jumps to the end of the first wait. `manual`: `machine.clock.advance` moves it. @default "instant" */
  readonly clock?: "instant" | "manual";
}

/** How a process is started. */
export interface MemoryProcessOptions {
  /** Its number. @default the next free number from 100 on */
  readonly pid?: number;
  /** The executable that it runs. */
  readonly execPath?: string;
  /** The user it runs as; 0 may do everything. @default 1000 */
  readonly uid?: number;
}
