/**
 * A compiled `cco` in a home folder, as the tests of the command-line contract ask it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { hostPlatform } from "../../../scripts/compile/platforms.ts";
import type { Home, Output } from "../../../scripts/demo/home.ts";

/** Why tests with shell scripts are left out, or `false`. */
export const UNIX = Deno.build.os === "windows" ? "some of the programs are shell scripts" : false;

/** Lines of the contract: what is asked, and the whole answer. */
export type Asked = readonly (readonly [command: string, stdout: string])[];

/** A command that must fail: its exit code, and the beginning of its one line on standard error. */
export type Refused = readonly (readonly [command: string, exit: number, stderr: string | RegExp])[];

/** Asserts the whole answer to each command. */
export async function answers(home: Home, asked: Asked, env = home.env): Promise<void> {
  for (const [command, stdout] of asked) {
    assert.deepEqual(
      await runWith(home, env, ...command.split(" ")),
      { code: 0, stdout, stderr: "" },
      command,
    );
  }
}

/** With words for people, and with `--json` as one document with the same exit code. */
export async function refusals(home: Home, refused: Refused): Promise<void> {
  for (const [command, exit, begins] of refused) {
    const { code, stderr } = await home.run(...command.split(" "));
    const matches = typeof begins === "string" ? stderr.startsWith(begins) : begins.test(stderr);
    assert(matches, `${command}: ${stderr}`);
    assert(stderr.split("\n").length <= 2, `${command}: not one line: ${stderr}`);
    assert.equal(code, exit, command);
    const json = await home.run(...command.split(" "), "--json");
    assert.deepEqual([json.code, json.stderr], [exit, ""], command);
    const { error } = JSON.parse(json.stdout);
    if (typeof begins === "string") {
      assert(error.message.startsWith(begins) || command === "update", json.stdout);
    }
  }
}

/** Runs `cco` with other variables. */
export async function runWith(home: Home, env: Record<string, string>, ...args: string[]): Promise<Output> {
  return await output(home.executable, { args, env, clearEnv: true });
}

/** Runs a program to its end. */
export async function output(path: string, options: Deno.CommandOptions): Promise<Output> {
  const { code, stdout, stderr } = await new Deno.Command(path, { ...options, stdin: "null" }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** What `cco version` says about the runtime. */
export function runtimeLine(): string {
  return `Runtime: deno ${Deno.version.deno} (${hostPlatform()})\n`;
}

/** The user's file of settings. */
export function configFile(home: Home): string {
  return join(home.folder, ".config/cco/config.toml");
}
