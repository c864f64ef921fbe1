/**
 * Where a file is in the project, and which layer that makes it.
 *
 * @module
 */

import { DENO_FILES, DENO_FOLDERS } from "./borders.ts";
import { type Layer, LAYERS } from "./layers.ts";

const ROOT = new URL("../../", import.meta.url);

/**
 * The path of a file from the root of the project, with `/` on every system.
 *
 * @param file An absolute path, or one that already counts from the root.
 * @returns The path from the root, or `file` itself when it lies elsewhere.
 */
export function housePath(file: string): string {
  const path = file.replaceAll("\\", "/");
  const root = decodeURIComponent(ROOT.pathname).replace(/^\/(?=[A-Za-z]:)/, "");
  return path.startsWith(root) ? path.slice(root.length) : path;
}

/**
 * The path that a relative import specifier leads to.
 *
 * @param specifier What is imported.
 * @param importer The importing file, from the root of the project.
 * @returns The imported file from the root, or `undefined` when the specifier is not relative.
 */
export function importedPath(specifier: string, importer: string): string | undefined {
  if (!/^\.{0,2}\//.test(specifier)) return undefined;
  const imported = new URL(specifier, new URL(importer, "file:///"));
  return decodeURIComponent(imported.pathname).slice(1);
}

/**
 * The layer of a file.
 *
 * @param path The file, from the root of the project.
 * @returns Its layer, or `undefined` when the table has none for it.
 */
export function layerOf(path: string): Layer | undefined {
  let best: { layer: Layer; length: number } | undefined;
  for (const layer of LAYERS) {
    for (const noun of layer.nouns) {
      if (belongsTo(path, noun) && noun.length > (best?.length ?? 0)) best = { layer, length: noun.length };
    }
  }
  return best?.layer;
}

/**
 * Tells whether a file belongs to a noun of the table.
 *
 * @param path The file, from the root of the project.
 * @param noun For example `archive`: `src/archive.ts`, `src/archive_<more>.ts` and everything in `src/archive/`.
 * @returns Whether it does.
 */
export function belongsTo(path: string, noun: string): boolean {
  if (noun.startsWith("/")) return path === `${noun.slice(1)}.ts`;
  const stem = `src/${noun}`;
  if (!path.startsWith(stem)) return false;
  const rest = path.slice(stem.length);
  return rest === ".ts" || rest.startsWith("_") || rest.startsWith("/");
}

/**
 * Tells whether a file may use what only Deno has.
 *
 * @param path The file, from the root of the project.
 * @returns Whether it may.
 */
export function runsOnDenoOnly(path: string): boolean {
  return DENO_FILES.some((noun) => belongsTo(path, noun)) ||
    DENO_FOLDERS.some((folder) => path.startsWith(folder));
}
