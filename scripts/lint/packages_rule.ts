/**
 * Each package is imported at its seam only, so that it can be swapped in one place.
 *
 * @module
 */

import { belongsTo, housePath, importedPath, layerOf } from "./house_path.ts";
import { eachImport } from "./imports.ts";
import { PACKAGE_SEAMS } from "./borders.ts";

/** The rule `house/packages`. */
export const packagesRule: Deno.lint.Rule = {
  create(context): Deno.lint.LintVisitor {
    const path = housePath(context.filename);
    if (layerOf(path) === undefined) return {};
    return eachImport(({ node, specifier }) => {
      const name = specifier === undefined ? undefined : packageName(specifier, path);
      if (name === undefined) return;
      const seams = PACKAGE_SEAMS[name] ?? [];
      if (seams.some((seam) => belongsTo(path, seam))) return;
      const where = seams.length > 0 ? `only in ${seams.join(", ")}` : "nowhere";
      context.report({
        node,
        message: `${path} must not import the package ${name}: it is imported ${where}.`,
        hint: "A package and its seam are decided in scripts/lint/layers.ts.",
      });
    });
  },
};

function packageName(specifier: string, importer: string): string | undefined {
  if (specifier.startsWith("node:") || importedPath(specifier, importer) !== undefined) return undefined;
  const bare = specifier.replace(/^(npm|jsr):\/?/, "");
  return /^(@[^/]+\/)?[^/@]+/.exec(bare)?.[0] ?? bare;
}
