/**
 * Functions that V8 compiles together with their file, instead of at their first call.
 *
 * V8 only skims a function that it meets and parses it again when it is called. One in parentheses is taken for one that
 * is called at once, and is compiled on the spot. That is worth it for a function that does run, and a loss for any
 * other. Async arrow functions, and methods and accessors of classes, have no form that V8 treats so: they stay.
 *
 * @module
 */

import {
  type AnyNode,
  type FunctionDeclaration,
  type ModuleDeclaration,
  type Options,
  parse,
  type Statement,
} from "acorn";

/** Where a function is in its file: the offsets of its beginning and its end, as V8's coverage tells them. */
export type Span = readonly [start: number, end: number];

const MODULE: Options = { ecmaVersion: "latest", sourceType: "module" };

/** A piece of the text, and what takes its place. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Rewrites a module so that V8 compiles some of its functions at once.
 *
 * The module means the same, unless another one that it imports calls its functions before it has run itself: what was
 * a declaration, there from the beginning, becomes a variable that the module's first statement sets. The bundler's
 * files import each other in one direction only.
 *
 * @param text The module, in JavaScript.
 * @param ran The functions that are worth it; the others stay as they are.
 * @returns The module.
 */
export function makeEager(text: string, ran: readonly Span[]): string {
  const { body } = parse(text, MODULE);
  const wanted = new Set(ran.map(([start, end]) => `${start}-${end}`));
  const isWanted = ({ start, end }: AnyNode) => wanted.has(`${start}-${end}`);
  const isMoved = (node: AnyNode | undefined): node is FunctionDeclaration =>
    node?.type === "FunctionDeclaration" && isWanted(node);
  const variables: string[] = [];
  const edits: Edit[] = [];
  for (const [index, statement] of body.entries()) {
    const inside = editsIn(statement, text, isWanted);
    if (!isMoved(statement)) {
      edits.push(...inside);
      continue;
    }
    const { start, end } = statement;
    const before = body[index - 1];
    variables.push(asVariable(statement, text, inside));
    edits.push({ start, end, text: isMoved(before) ? "" : endOf(before, text) });
  }
  if (variables.length > 0) edits.unshift(insertion(body[0]!.start, `var ${variables.join(",")};`));
  const result = edited(text, { start: 0, end: text.length }, edits);
  // `deno compile` leaves out, without a word, what it cannot parse.
  parse(result, MODULE);
  return result;
}

/**
 * A declaration as part of a `var`. Without a name of its own the function has that of the variable, and what it calls by
 * that name is the variable, as it was.
 */
function asVariable({ id, ...node }: FunctionDeclaration, text: string, inside: readonly Edit[]): string {
  const start = text[id.start - 1] === " " ? id.start - 1 : id.start;
  return `${id.name}=(${edited(text, node, [...inside, { start, end: id.end, text: "" }])})`;
}

/** A declaration ended the statement before it, even where that had only a line break. */
function endOf(before: Statement | ModuleDeclaration | undefined, text: string): string {
  return before === undefined || text[before.end - 1] === ";" ? "" : ";";
}

function editsIn(node: AnyNode, text: string, isWanted: (node: AnyNode) => boolean): Edit[] {
  const inside = childrenOf(node).flatMap((child) => editsIn(child, text, isWanted));
  if (!isWanted(node)) return inside;
  if (isExpression(node, text)) {
    // Those of a call's arguments do not count, so that there are two pairs then.
    return [insertion(node.start, "("), ...inside, insertion(node.end, ")")];
  }
  const head = methodHead(node, text);
  return head === undefined ? inside : [head, ...inside, insertion(node.end, ")")];
}

/** A function that may stand in parentheses; that of a method begins with those of its parameters. */
function isExpression(node: AnyNode, text: string): boolean {
  return node.type === "FunctionExpression"
    ? text[node.start] !== "("
    : node.type === "ArrowFunctionExpression" && !node.async;
}

/** The beginning of an object's method as a property with a function; `super` is known to methods only. */
function methodHead(node: AnyNode, text: string): Edit | undefined {
  if (node.type !== "Property" || !node.method || node.computed || node.value.type !== "FunctionExpression") {
    return;
  }
  const { key, value } = node;
  const name = text.slice(key.start, key.end);
  // `__proto__: …` would set the object's prototype.
  if (/super/.test(text.slice(value.start, value.end)) || /__proto__|\\/.test(name)) return;
  const kind = `${value.async ? "async " : ""}function${value.generator ? "*" : ""}`;
  return { start: node.start, end: value.start, text: `${name}:(${kind}` };
}

function insertion(at: number, text: string): Edit {
  return { start: at, end: at, text };
}

function childrenOf(node: AnyNode): AnyNode[] {
  return Object.values(node).flat().filter((child) =>
    typeof child === "object" && child !== null && "type" in child
  );
}

/** A piece of the text with its changes; those at one place keep their order. */
function edited(text: string, piece: { start: number; end: number }, edits: readonly Edit[]): string {
  let result = "";
  let position = piece.start;
  for (const edit of edits.toSorted((a, b) => a.start - b.start)) {
    result += text.slice(position, edit.start) + edit.text;
    position = edit.end;
  }
  return result + text.slice(position, piece.end);
}
