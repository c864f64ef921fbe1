/**
 * A runtime in memory: a machine whose disk, clock, network and programs a test controls, and whose power can be cut.
 *
 * @module
 */

import { MemoryMachine, type MemoryRuntime } from "./memory/machine.ts";
import type { MemoryMachineOptions, MemoryProcessOptions } from "./memory/machine_options.ts";

export { type DiskRules, MemoryDisk, type PowerCut } from "./memory/disk.ts";
export { MemoryMachine, type MemoryRuntime } from "./memory/machine.ts";
export type { MemoryDevice, MemoryMachineOptions, MemoryProcessOptions } from "./memory/machine_options.ts";
export type { MemoryClock } from "./memory/clock.ts";
export type {
  MemoryHook,
  MemoryOperation,
  MemoryPause,
  Operations as MemoryOperations,
} from "./memory/operation.ts";
export {
  type MemoryBehaviour,
  type MemoryCall,
  memoryProgram,
  type MemoryPrograms,
} from "./memory/program.ts";

/**
 * Makes a machine in memory and starts one process on it.
 *
 * @param options How the machine and the process are made.
 * @returns The runtime of that process; `machine` leads to everything else.
 *
 * @example A write that was not synced may be lost in a power cut
 * ```ts
 * import { memoryRuntime } from "@cco/updater/testing";
 * import assert from "node:assert/strict";
 *
 * const { fs, machine } = memoryRuntime();
 * machine.put("/data/old", "old");
 * const file = await fs.open("/data/new", { access: "create", mode: 0o600 });
 * file.append(new TextEncoder().encode("new"));
 * file.close();
 *
 * const images = [...machine.disk.powerCuts()];
 * assert(images.some(({ disk }) => memoryRuntime({ disk }).machine.read("/data/new") === undefined));
 * assert(images.every(({ disk }) => memoryRuntime({ disk }).machine.read("/data/old") === "old"));
 * ```
 */
export function memoryRuntime(options: MemoryMachineOptions & MemoryProcessOptions = {}): MemoryRuntime {
  return new MemoryMachine(options).start(options);
}
