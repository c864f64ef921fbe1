/**
 * From the words of a command line to an exit code. Nothing here exits.
 *
 * @module
 */

import type { Command } from "./command.ts";
import { EVERYDAY } from "./everyday_commands.ts";
import { Invocation, type World } from "./invocation.ts";
import { Output } from "./output.ts";
import { parseArguments } from "./parse_arguments.ts";
import { beginStart } from "./probation.ts";

/**
 * Runs one command.
 *
 * @param world What the command meets.
 * @returns The exit code.
 */
export async function runCli(world: World): Promise<number> {
  const words = asFlags(world.terminal.args);
  const given = words.includes("--") ? words.slice(0, words.indexOf("--")) : words;
  const output = new Output(world.terminal, {
    json: given.includes("--json"),
    quiet: given.includes("--quiet"),
    verbose: given.includes("--verbose"),
  });
  try {
    const invocation = new Invocation(world, output, parseArguments(await tableFor(words), words));
    const code = await runCommand(invocation);
    const { json, quiet } = output.options;
    if (!json && !quiet && world.terminal.isTerminal("stderr")) {
      const { showNotice } = await import("./notice.ts");
      await showNotice(invocation);
    }
    return closingCode(output, code);
  } catch (error) {
    return closingCode(output, await report(error, output));
  }
}

/** An answer that nobody got is no success, whatever was done. */
function closingCode(output: Output, code: number): number {
  const { unwritten } = output;
  if (unwritten === undefined) return code;
  output.last(code === 0 ? `${unwritten}. What was asked for is done` : unwritten);
  return code || 1;
}

/** `cco help update` is `cco update --help`; `cco` alone is `cco --help`. */
function asFlags(words: readonly string[]): readonly string[] {
  if (words[0] === "help") return [...words.slice(1), "--help"];
  return words.length === 0 ? ["--help"] : words;
}

/** The table of all commands takes longer to load than a command line that begins with one of the first few to run. */
async function tableFor([word]: readonly string[]): Promise<Command> {
  if (EVERYDAY.commands?.some(({ name }) => name === word)) return EVERYDAY;
  return (await import("./commands.ts")).COMMANDS;
}

async function runCommand(invocation: Invocation): Promise<number> {
  const { command } = invocation;
  if (invocation.has("version") && command === invocation.root) {
    const { version } = invocation.world.build;
    invocation.output.line(`cco ${version}`);
    invocation.output.document({ version });
    return 0;
  }
  if (invocation.has("help") || command.load === undefined) {
    const { showHelp } = await import("./help.ts");
    return showHelp(invocation);
  }
  const endStart = await beginStart(invocation);
  const run = await command.load();
  try {
    const code = await run(invocation);
    await endStart?.(code);
    return code;
  } catch (error) {
    const { failureOf } = await import("./failure_of.ts");
    const { exitCode, code } = await failureOf(error);
    await endStart?.(exitCode, code);
    throw error;
  } finally {
    await invocation.settled();
  }
}

async function report(error: unknown, output: Output): Promise<number> {
  const { failureDocument, failureOf } = await import("./failure_of.ts");
  const failure = await failureOf(error);
  output.failure(failure.message);
  output.document(failureDocument(failure));
  for (let cause = failure.cause; cause instanceof Error; cause = cause.cause) {
    output.detail(`  caused by ${cause.name}: ${cause.message}`);
  }
  return failure.exitCode;
}
