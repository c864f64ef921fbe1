/**
 * What `mod.ts` reaches imports no `node:` module statically: in Deno 2.9 each costs 5 to 20 ms at every start.
 *
 * @module
 */

import { housePath, importedPath, layerOf } from "./house_path.ts";
import { eachImport, type Import } from "./imports.ts";
import { NODE_FOLDER } from "./borders.ts";

/** The rule `house/start-up`. */
export const startUpRule: Deno.lint.Rule = {
  create(context): Deno.lint.LintVisitor {
    const path = housePath(context.filename);
    if (layerOf(path)?.atStart !== true || path.startsWith(NODE_FOLDER)) return {};
    return eachImport((found) => {
      const message = fault(found, path);
      if (message !== undefined) {
        context.report({ node: found.node, message, hint: "Import it where it is used." });
      }
    });
  },
};

function fault(found: Import, path: string): string | undefined {
  if (found.typeOnly || found.dynamic || found.specifier === undefined) return undefined;
  if (found.specifier.startsWith("node:")) {
    return `A static import of ${found.specifier} is paid for at every start.`;
  }
  const imported = importedPath(found.specifier, path);
  if (imported?.startsWith(NODE_FOLDER) !== true) return undefined;
  return `A static import of ${imported} loads its node: modules at every start.`;
}
