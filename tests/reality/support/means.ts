/**
 * What these tests need of the machine.
 *
 * @module
 */

import type { TestContext } from "node:test";
import { isInstalled } from "../../support/deno/installed_program.ts";
import { leaveOut } from "../../support/skipped.ts";

/**
 * Tells whether this machine can run a test.
 *
 * @param programs The programs it needs.
 * @returns Why the test is skipped; `false` when it can run.
 */
export function skipWithout(...programs: readonly string[]): string | false {
  if (Deno.build.os !== "linux") return "it needs Linux";
  if (Deno.uid() !== 0) return "it needs root";
  const missing = programs.filter((program) => !isInstalled(program));
  return missing.length > 0 ? `it needs ${missing.join(", ")}` : false;
}

/** What this machine refuses to do. */
export class MissingMeans extends Error {}

/**
 * Prepares a test that is skipped when the machine refuses what it needs, and says so.
 *
 * @param t The test.
 * @param prepare Prepares it with {@link must}.
 * @returns Whether the test can go on.
 */
export async function prepared(
  t: Pick<TestContext, "skip">,
  prepare: () => Promise<unknown>,
): Promise<boolean> {
  try {
    await prepare();
    return true;
  } catch (error) {
    if (!(error instanceof MissingMeans)) throw error;
    leaveOut(t, error.message);
    return false;
  }
}

/**
 * Runs a program that must succeed.
 *
 * @param command The program and its arguments.
 * @returns What it printed.
 * @throws {MissingMeans} When it fails.
 */
export async function must(...[program, ...args]: readonly [string, ...string[]]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(program, { args, stdin: "null" }).output();
  const decoder = new TextDecoder();
  if (code !== 0) {
    throw new MissingMeans(`Cannot ${program} ${args.join(" ")}: ${decoder.decode(stderr).trim()}`);
  }
  return decoder.decode(stdout);
}
