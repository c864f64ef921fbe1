/**
 * How much memory a compiled `cco` needs for updating itself.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { published } from "./published.ts";
import { watchMemory } from "./watched_process.ts";

/** It is over so soon that some of the runs are not seen to their end. */
const IDLE_RUNS = 5;

/** Bytes, each the highest at one moment. */
export interface UpdateMemory {
  /** Of the runtime that does nothing: `cco --version`. */
  readonly idle: number;
  /** Of `cco update --yes`. */
  readonly updating: number;
  /** The size of the executable it has installed. */
  readonly executable: number;
}

/**
 * Measures an update from one compiled version to the next.
 *
 * @param t Removes afterwards what the update needed.
 */
export async function measureUpdateMemory(t: Pick<TestContext, "after">): Promise<UpdateMemory> {
  const { home, new: newer } = await published(t);
  const idle: number[] = [];
  for (let run = 0; run < IDLE_RUNS; run++) {
    idle.push((await watchMemory(home.executable, { args: ["--version"], env: home.env })).peakBytes);
  }
  const updating = await watchMemory(home.executable, { args: ["update", "--yes"], env: home.env });
  assert.equal(updating.code, 0, updating.output);
  return { idle: Math.max(...idle), updating: updating.peakBytes, executable: newer.size };
}

/** The figures for a person. */
export function describeMemory({ idle, updating, executable }: UpdateMemory): string {
  const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  return `updating an executable of ${mib(executable)} peaked at ${mib(updating)}, ` +
    `${mib(updating - idle)} above the idle runtime's ${mib(idle)}`;
}
