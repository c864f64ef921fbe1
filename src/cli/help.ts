/**
 * Help, made from the table of commands, as wide as the screen.
 *
 * @module
 */

import { type Command, type Flag, GLOBAL_FLAGS } from "./command.ts";
import type { Invocation } from "./invocation.ts";

/** Longer lines are hard to read. */
const WIDEST = 100;
const NARROWEST = 40;

/**
 * Shows the help of a command.
 *
 * @param invocation The run.
 * @returns The exit code.
 */
export function showHelp({ output, parsed: { path }, world: { terminal } }: Invocation): number {
  const width = Math.max(NARROWEST, Math.min(WIDEST, terminal.columns() - 1));
  for (const line of helpLines(path, width)) output.line(line);
  output.document(helpDocument(path));
  return 0;
}

/**
 * The help of a command as lines.
 *
 * @param path The command, and those it is below of, outermost first.
 * @param width No line is longer, unless a word is.
 * @returns The lines.
 */
export function helpLines(path: readonly Command[], width: number): string[] {
  const command = path.at(-1)!;
  const commands = (command.commands ?? []).filter(({ hidden }) => !hidden);
  const own = command.flags ?? [];
  return [
    ...wrap(`Usage: ${usageOf(path)}`, width, 0),
    "",
    ...wrap(sentence(command.summary), width, 0),
    ...section("Commands", commands.map(({ name, summary }) => [name, summary]), width),
    ...section("Flags", own.map(rowOf), width),
    ...section("Flags of every command", GLOBAL_FLAGS.map(rowOf), width),
    ...exampleLines(command.examples ?? [], width),
    ...(commands.length === 0
      ? []
      : ["", ...wrap(`Run '${nameOf(path)} COMMAND --help' for more.`, width, 0)]),
  ];
}

function usageOf(path: readonly Command[]): string {
  const { commands, positionals = [] } = path.at(-1)!;
  const values = positionals.map(({ name, optional, many }) => {
    const text = many ? `${name}...` : name;
    return optional ? `[${text}]` : text;
  });
  return [nameOf(path), ...(commands === undefined ? values : ["COMMAND"]), "[flags]"].join(" ");
}

function nameOf(path: readonly Command[]): string {
  return path.map(({ name }) => name).join(" ");
}

function rowOf({ name, short, value, summary }: Flag): [string, string] {
  const names = short === undefined ? `--${name}` : `-${short}, --${name}`;
  return [value === undefined ? names : `${names} ${value}`, summary];
}

function section(title: string, rows: readonly (readonly [string, string])[], width: number): string[] {
  if (rows.length === 0) return [];
  const column = Math.max(...rows.map(([name]) => name.length)) + 4;
  // On a narrow screen a summary goes below its name rather than into a column of single words.
  const isNarrow = width - column < 24;
  const lines = rows.flatMap(([name, summary]) => {
    if (isNarrow) return [`  ${name}`, ...wrap(summary, width, 6)];
    const [first = "", ...rest] = wrap(summary, width, column);
    return [`  ${name}`.padEnd(column) + first.trimStart(), ...rest];
  });
  return ["", `${title}:`, ...lines];
}

function exampleLines(examples: NonNullable<Command["examples"]>, width: number): string[] {
  if (examples.length === 0) return [];
  return [
    "",
    "Examples:",
    ...examples.flatMap(([line, purpose]) => [`  ${line}`, ...wrap(purpose, width, 6)]),
  ];
}

function sentence(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1).replace(/\.?$/, ".");
}

function wrap(text: string, width: number, indent: number): string[] {
  const lines: string[] = [];
  let line = " ".repeat(indent);
  for (const word of text.split(" ")) {
    if (line.trim() !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = " ".repeat(indent);
    }
    line += line.trim() === "" ? word : ` ${word}`;
  }
  return [...lines, line];
}

function helpDocument(path: readonly Command[]): object {
  const { summary, commands = [], flags = [] } = path.at(-1)!;
  return {
    usage: usageOf(path),
    summary,
    commands: commands.filter(({ hidden }) => !hidden).map(({ name, summary }) => ({ name, summary })),
    flags: [...flags, ...GLOBAL_FLAGS].map(({ name, value, summary }) => ({
      name,
      value: value ?? null,
      summary,
    })),
  };
}
