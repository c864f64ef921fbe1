/**
 * Ways to weaken a program by one check.
 *
 * @module
 */

import { stripTypeScriptTypes } from "node:module";
import { type AnyNode, type CallExpression, type IfStatement, parse } from "acorn";

/** A program with one check less. */
export interface Mutant {
  /** The line of the check, from 1. */
  readonly line: number;
  /** What was done to it. */
  readonly change: string;
  /** The whole program after that. */
  readonly source: string;
}

/** A piece of the program, from one offset to another, and what takes its place. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

/** The opposite decision about the border of a comparison. */
const BORDERS: ReadonlyMap<string, string> = new Map([["<", "<="], ["<=", "<"], [">", ">="], [">=", ">"]]);

/**
 * Every program that has exactly one check less than the given one: a guard that never holds or always does, half of a
 * condition, a border moved by one, a call that is not made, a filter that lets everything through, a strict option
 * that is off, a greatest value of two that is the other one, one of a list where all were asked for.
 *
 * @param source The program, in TypeScript.
 * @returns The mutants, in JavaScript, in the order of the program.
 */
export function mutantsOf(source: string): Mutant[] {
  // Types become blanks, so that every offset stays what it was.
  const program = stripTypeScriptTypes(source);
  const edits: Edit[] = [];
  visit(parse(program, { ecmaVersion: "latest", sourceType: "module" }), (node) => {
    edits.push(...editsAt(node, program));
  });
  return edits.map((edit) => toMutant(program, edit));
}

function visit(node: AnyNode, use: (node: AnyNode) => void): void {
  use(node);
  for (const child of Object.values(node).flat()) {
    if (typeof child === "object" && child !== null && "type" in child) visit(child, use);
  }
}

function editsAt(node: AnyNode, program: string): Edit[] {
  const text = ({ start, end }: { start: number; end: number }) => program.slice(start, end);
  switch (node.type) {
    case "IfStatement":
      return guardEdits(node);
    case "BinaryExpression": {
      const border = BORDERS.get(node.operator);
      if (border === undefined) return [];
      return [{ ...spanOf(node), replacement: `${text(node.left)} ${border} ${text(node.right)}` }];
    }
    case "LogicalExpression":
      if (node.operator === "??") return [];
      return [node.left, node.right].map((operand) => ({
        ...spanOf(node),
        replacement: `(${text(operand)})`,
      }));
    case "ConditionalExpression":
      return [node.consequent, node.alternate].map((branch) => ({
        ...spanOf(node),
        replacement: text(branch),
      }));
    case "ExpressionStatement":
      return isCall(node.expression) ? [{ ...spanOf(node), replacement: ";" }] : [];
    case "Property":
      return text(node.value) === "true" ? [{ ...spanOf(node.value), replacement: "false" }] : [];
    case "CallExpression":
      return callEdits(node, text);
    default:
      return [];
  }
}

function guardEdits({ test, consequent }: IfStatement): Edit[] {
  const never = { ...spanOf(test), replacement: "false" };
  const last = consequent.type === "BlockStatement" ? consequent.body.at(-1) : consequent;
  const leaves = last?.type === "ReturnStatement" || last?.type === "ContinueStatement";
  return leaves ? [never, { ...spanOf(test), replacement: "true" }] : [never];
}

/** A call whose result nobody uses is there for what it checks or keeps. */
function isCall(node: AnyNode): boolean {
  if (node.type === "AwaitExpression") return isCall(node.argument);
  return node.type === "CallExpression" || node.type === "ChainExpression";
}

function callEdits(node: CallExpression, text: (node: AnyNode) => string): Edit[] {
  const name = text(node.callee);
  const [first] = node.arguments;
  if (first === undefined) return [];
  if (name === "Math.max") {
    return node.arguments.map((argument) => ({ ...spanOf(node), replacement: text(argument) }));
  }
  if (name.endsWith(".filter")) return [{ ...spanOf(first), replacement: "() => true" }];
  if (!name.endsWith(".every")) return [];
  const some = text(node).replace(name, name.replace(/every$/, "some"));
  return [{ ...spanOf(node), replacement: "true" }, { ...spanOf(node), replacement: some }];
}

function spanOf({ start, end }: AnyNode): { start: number; end: number } {
  return { start, end };
}

function toMutant(program: string, { start, end, replacement }: Edit): Mutant {
  const shown = (text: string) => text.replaceAll(/\s+/g, " ");
  return {
    line: program.slice(0, start).split("\n").length,
    change: `${shown(program.slice(start, end))}  →  ${shown(replacement)}`,
    source: program.slice(0, start) + replacement + program.slice(end),
  };
}
