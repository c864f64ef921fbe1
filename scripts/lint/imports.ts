/**
 * Every import of a file, in one shape.
 *
 * @module
 */

/** One import, re-export, dynamic import or imported type. */
export interface Import {
  /** The node to report. */
  readonly node: Deno.lint.Node;
  /** What is imported; `undefined` when only the running program knows. */
  readonly specifier: string | undefined;
  /** Whether the import is gone once types are stripped. */
  readonly typeOnly: boolean;
  /** Whether it is carried out where it stands, not when the module is loaded. */
  readonly dynamic: boolean;
}

/**
 * A lint visitor that calls `visit` for every import of the file.
 *
 * @param visit Called once per import.
 * @returns The visitor.
 */
export function eachImport(visit: (found: Import) => void): Deno.lint.LintVisitor {
  return {
    ImportDeclaration(node): void {
      visit({ node, specifier: node.source.value, typeOnly: node.importKind === "type", dynamic: false });
    },
    ExportNamedDeclaration(node): void {
      if (node.source === null) return;
      visit({ node, specifier: node.source.value, typeOnly: node.exportKind === "type", dynamic: false });
    },
    ExportAllDeclaration(node): void {
      visit({ node, specifier: node.source.value, typeOnly: node.exportKind === "type", dynamic: false });
    },
    ImportExpression(node): void {
      visit({ node, specifier: textOf(node.source), typeOnly: false, dynamic: true });
    },
    TSImportType(node): void {
      visit({ node, specifier: textOf(node.argument), typeOnly: true, dynamic: false });
    },
  };
}

function textOf(node: Deno.lint.Node): string | undefined {
  if (node.type === "TSLiteralType") return textOf(node.literal);
  return node.type === "Literal" && typeof node.value === "string" ? node.value : undefined;
}
