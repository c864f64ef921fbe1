/**
 * A process in memory that is killed in the middle of what it does.
 *
 * @module
 */

import type { MemoryOperation, MemoryRuntime } from "../../src/runtime/memory.ts";

/**
 * Has a process do something, and kills it before one of the operations of that.
 *
 * @param index Which one, from 0.
 * @param process The process; one that is killed waits for ever.
 * @param act What it does.
 * @returns The operation that was not carried out, or nothing when there were not so many.
 */
export async function killedBefore(
  index: number,
  process: MemoryRuntime,
  act: () => Promise<unknown>,
): Promise<MemoryOperation | undefined> {
  const { operations } = process.machine;
  const first = operations.log.length;
  const killed = new Promise<MemoryOperation>((resolve) => {
    operations.before((operation) => {
      if (operation.index !== first + index) return;
      process.kill();
      resolve(operation);
    });
  });
  return await Promise.race([act().then(() => undefined), killed]);
}
