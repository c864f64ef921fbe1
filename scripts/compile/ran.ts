/**
 * What V8's coverage tells of a run: which functions of a folder's files were called.
 *
 * @module
 */

import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { namesIn } from "../demo/home.ts";
import type { Span } from "./eager.ts";

/** The functions that ran, by the names of their files, in the order of their files. */
export type Ran = Readonly<Record<string, readonly Span[]>>;

/** One file of `deno run --coverage`, as far as it is used here. */
interface Coverage {
  readonly url: string;
  /** Each with itself as the first range. */
  readonly functions: readonly { readonly ranges: readonly [Range, ...Range[]] }[];
}

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

/**
 * Reads which functions ran.
 *
 * @param coverage The folder that `deno run --coverage` wrote.
 * @param folder The program's files; others, such as Deno's own, are left out.
 */
export async function readRan(coverage: string, folder: string): Promise<Ran> {
  // Deno may name the temporary folder by its other path, as that of macOS has two.
  const own = [folder, await Deno.realPath(folder)];
  const ran: Record<string, Span[]> = {};
  for (const name of await namesIn(coverage)) {
    if (!name.endsWith(".json")) continue;
    const { url, functions }: Coverage = JSON.parse(await Deno.readTextFile(join(coverage, name)));
    if (!url.startsWith("file:") || !own.includes(dirname(fileURLToPath(url)))) continue;
    ran[basename(fileURLToPath(url))] = spansOf(functions);
  }
  return Object.fromEntries(Object.entries(ran).toSorted(([a], [b]) => a < b ? -1 : 1));
}

function spansOf(functions: Coverage["functions"]): Span[] {
  return functions
    .filter(({ ranges: [{ count }] }) => count > 0)
    .map(({ ranges: [{ startOffset, endOffset }] }): Span => [startOffset, endOffset])
    .toSorted(([start, end], [otherStart, otherEnd]) => start - otherStart || otherEnd - end);
}
