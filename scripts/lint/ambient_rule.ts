/**
 * The machine is met through the ports: what the library does must be reproducible with a runtime of the tests, and the
 * same file must run on Deno, Node and Bun.
 *
 * @module
 */

import { housePath, layerOf, runsOnDenoOnly } from "./house_path.ts";

/** Globals that act on the machine, and what stands for them. */
const AMBIENT: Readonly<Record<string, string>> = {
  Bun: "the runtime",
  alert: "a value that is returned",
  confirm: "a value that is returned",
  console: "a value that is returned",
  fetch: "runtime.fetch",
  localStorage: "runtime.fs",
  performance: "runtime.now",
  process: "the runtime",
  prompt: "a value that is returned",
  setInterval: "runtime.wait",
  setTimeout: "runtime.wait",
};

/** Members of otherwise harmless globals that act on the machine. */
const AMBIENT_MEMBERS: Readonly<Record<string, string>> = {
  "Date.now": "runtime.now",
  "Math.random": "runtime.random",
  "crypto.getRandomValues": "runtime.random",
  "crypto.randomUUID": "runtime.random",
};

/** The rule `house/ambient`. */
export const ambientRule: Deno.lint.Rule = {
  create(context): Deno.lint.LintVisitor {
    const path = housePath(context.filename);
    const forbidden = new Map<string, string>();
    if (!runsOnDenoOnly(path)) forbidden.set("Deno", "a port of the runtime");
    if (layerOf(path)?.throughPorts === true) addAmbient(forbidden);
    return forbidden.size > 0 ? reportAmbient(context, forbidden) : {};
  },
};

function addAmbient(forbidden: Map<string, string>): void {
  for (const [name, instead] of Object.entries({ ...AMBIENT, ...AMBIENT_MEMBERS })) {
    forbidden.set(name, instead);
  }
  forbidden.set("new Date", "runtime.now");
}

function reportAmbient(
  context: Deno.lint.RuleContext,
  forbidden: Map<string, string>,
): Deno.lint.LintVisitor {
  const found: { node: Deno.lint.Node; name: string; root: string }[] = [];
  const declared = new Set<string>();
  return {
    Identifier(node): void {
      if (declares(node)) declared.add(node.name);
      else if (forbidden.has(node.name) && refers(node)) {
        found.push({ node, name: node.name, root: node.name });
      }
    },
    MemberExpression(node): void {
      if (node.object.type !== "Identifier" || node.property.type !== "Identifier") return;
      const name = `${node.object.name}.${node.property.name}`;
      if (forbidden.has(name)) found.push({ node, name, root: node.object.name });
    },
    NewExpression(node): void {
      if (node.callee.type !== "Identifier" || node.arguments.length > 0) return;
      const name = `new ${node.callee.name}`;
      if (forbidden.has(name)) found.push({ node, name, root: node.callee.name });
    },
    "Program:exit"(): void {
      for (const { node, name, root } of found) {
        if (declared.has(root)) continue;
        context.report({ node, message: `${name} is not used here: ${forbidden.get(name)} stands for it.` });
      }
    },
  };
}

/** Under which keys of its parent an identifier declares a variable. */
const DECLARING: Readonly<Record<string, readonly string[]>> = {
  ArrayPattern: ["elements"],
  ArrowFunctionExpression: ["params"],
  AssignmentPattern: ["left"],
  CatchClause: ["param"],
  ClassDeclaration: ["id"],
  FunctionDeclaration: ["id", "params"],
  FunctionExpression: ["id", "params"],
  ImportDefaultSpecifier: ["local"],
  ImportNamespaceSpecifier: ["local"],
  ImportSpecifier: ["local"],
  RestElement: ["argument"],
  VariableDeclarator: ["id"],
};

/** Under which keys of its parent an identifier is the name of a member, a key or a type, not a use of a variable. */
const NAMING: Readonly<Record<string, readonly string[]>> = {
  ExportSpecifier: ["exported"],
  ImportSpecifier: ["imported"],
  LabeledStatement: ["label"],
  MemberExpression: ["property"],
  MethodDefinition: ["key"],
  Property: ["key"],
  PropertyDefinition: ["key"],
  TSMethodSignature: ["key"],
  TSPropertySignature: ["key"],
  TSTypeQuery: ["exprName"],
  TSTypeReference: ["typeName"],
};

/** A name that the file declares itself is not the global one, wherever in the file that happens. */
function declares(node: Deno.lint.Identifier): boolean {
  const parent = node.parent as Deno.lint.Node;
  if (isUnder(parent, DECLARING, node)) return true;
  return parent.type === "Property" && parent.value === node && parent.parent.type === "ObjectPattern";
}

function refers(node: Deno.lint.Identifier): boolean {
  const parent = node.parent as Deno.lint.Node;
  if (!isUnder(parent, NAMING, node)) return true;
  if (parent.type === "Property") return parent.value === node || parent.computed;
  return parent.type === "MemberExpression" && (parent.computed || isGlobalObject(parent.object));
}

function isUnder(
  parent: Deno.lint.Node,
  keys: Readonly<Record<string, readonly string[]>>,
  node: Deno.lint.Node,
): boolean {
  const fields = parent as unknown as Readonly<Record<string, unknown>>;
  return (keys[parent.type] ?? []).some((key) => [fields[key]].flat().includes(node));
}

function isGlobalObject(node: Deno.lint.Node): boolean {
  return node.type === "Identifier" && ["globalThis", "self", "window"].includes(node.name);
}
