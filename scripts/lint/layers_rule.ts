/**
 * Files import only what the table of layers lets them see.
 *
 * @module
 */

import { belongsTo, housePath, importedPath, layerOf } from "./house_path.ts";
import { eachImport, type Import } from "./imports.ts";
import { STRANGERS } from "./borders.ts";
import type { Layer } from "./layers.ts";

/** The rule `house/layers`. */
export const layersRule: Deno.lint.Rule = {
  create(context): Deno.lint.LintVisitor {
    const path = housePath(context.filename);
    const layer = layerOf(path);
    if (layer === undefined) return path.startsWith("src/") ? reportHomeless(context, path) : {};
    return eachImport((found) => {
      const message = fault(found, path, layer);
      if (message !== undefined) context.report({ node: found.node, message });
    });
  },
};

function reportHomeless(context: Deno.lint.RuleContext, path: string): Deno.lint.LintVisitor {
  return {
    Program(node): void {
      context.report({
        node,
        message: `Cannot place ${path}: it has no layer.`,
        hint: "Add its noun to a layer of scripts/lint/layers.ts.",
      });
    },
  };
}

function fault(found: Import, path: string, layer: Layer): string | undefined {
  if (found.specifier === undefined) {
    return "An import whose target is computed cannot be checked: write it out.";
  }
  const imported = importedPath(found.specifier, path);
  if (imported === undefined) return undefined;
  if (areStrangers(path, imported)) return `${path} must not see ${imported}.`;
  const target = layerOf(imported);
  if (target === undefined) return `${path} (${layer.name}) must not see ${imported}: it has no layer.`;
  if (layer.uses.includes(target.name)) return undefined;
  if (!layer.types.includes(target.name)) {
    return `${path} (${layer.name}) must not see ${imported} (${target.name}).`;
  }
  return found.typeOnly
    ? undefined
    : `${path} (${layer.name}) may import only types of ${imported} (${target.name}).`;
}

function areStrangers(one: string, other: string): boolean {
  return STRANGERS.some(([left, right]) =>
    belongsTo(one, left) && belongsTo(other, right) || belongsTo(one, right) && belongsTo(other, left)
  );
}
