/**
 * The shape of files and of exported functions.
 *
 * @module
 */

import { housePath, runsOnDenoOnly } from "./house_path.ts";
import { MAX_FILE_LINES } from "./borders.ts";

/** The rule `house/file-length`: a file that says more than one thing is split by noun. */
export const fileLengthRule: Deno.lint.Rule = {
  create(context): Deno.lint.LintVisitor {
    const path = housePath(context.filename);
    if (path.startsWith("tests/")) return {};
    return {
      Program(node): void {
        const lines = context.sourceCode.text.trimEnd().split("\n").length;
        if (lines <= MAX_FILE_LINES) return;
        context.report({
          node,
          message: `${path} has ${lines} lines, more than ${MAX_FILE_LINES}: split it by noun.`,
        });
      },
    };
  },
};

/** The rule `house/portable-syntax`: Node before 24 cannot read `using`. */
export const portableSyntaxRule: Deno.lint.Rule = {
  create(context): Deno.lint.LintVisitor {
    if (runsOnDenoOnly(housePath(context.filename))) return {};
    return {
      VariableDeclaration(node): void {
        if (!node.kind.endsWith("using")) return;
        context.report({ node, message: `Node 20 cannot read ${node.kind}: use try and finally.` });
      },
    };
  },
};

/** The rule `house/boolean-parameter`: `update(true)` tells a reader nothing, `update({ force: true })` does. */
export const booleanParameterRule: Deno.lint.Rule = {
  create(context): Deno.lint.LintVisitor {
    if (housePath(context.filename).startsWith("tests/")) return {};
    return {
      ExportNamedDeclaration(node): void {
        if (node.declaration?.type === "FunctionDeclaration") report(context, node.declaration.params);
      },
      ExportDefaultDeclaration(node): void {
        if (node.declaration.type === "FunctionDeclaration") report(context, node.declaration.params);
      },
    };
  },
};

function report(context: Deno.lint.RuleContext, parameters: readonly Deno.lint.Parameter[]): void {
  for (const node of parameters) {
    if (node.type === "TSParameterProperty" || !isBoolean(node)) continue;
    context.report({
      node,
      message: "A boolean parameter of an exported function belongs into its options.",
    });
  }
}

function isBoolean(node: Deno.lint.Node): boolean {
  if (node.type === "AssignmentPattern") {
    return isBoolean(node.left) || node.right.type === "Literal" && typeof node.right.value === "boolean";
  }
  return node.type === "Identifier" && node.typeAnnotation?.typeAnnotation.type === "TSBooleanKeyword";
}
