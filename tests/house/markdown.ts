import { ROOT } from "./module_graph.ts";

/** A Markdown file of the project. */
export interface MarkdownFile {
  /** Its path from the root. */
  readonly path: string;
  readonly text: string;
}

/** Folders whose Markdown is read; the root is read without its folders. */
const FOLDERS = ["docs/", "deploy/", "distribution/"];

/** Every Markdown file that a person may read. */
export async function markdownFiles(): Promise<MarkdownFile[]> {
  const paths = await namesIn("", { deep: false });
  for (const folder of FOLDERS) paths.push(...await namesIn(folder, { deep: true }));
  const files = paths.filter((path) => path.endsWith(".md")).sort();
  return await Promise.all(
    files.map(async (path) => ({ path, text: await Deno.readTextFile(new URL(path, ROOT)) })),
  );
}

/** The code blocks of a Markdown text whose first line is exactly ` ```<info> `. */
export function codeBlocks(text: string, info: string): string[] {
  const blocks = text.matchAll(/^```(.*)\n([\s\S]*?)^```/gm);
  return [...blocks].flatMap(([, found, code]) => found === info && code !== undefined ? [code] : []);
}

async function namesIn(folder: string, { deep }: { readonly deep: boolean }): Promise<string[]> {
  const names: string[] = [];
  for (const { name, isDirectory } of await entriesOf(folder)) {
    if (!isDirectory) names.push(folder + name);
    else if (deep) names.push(...await namesIn(`${folder}${name}/`, { deep }));
  }
  return names;
}

async function entriesOf(folder: string): Promise<Deno.DirEntry[]> {
  try {
    return await Array.fromAsync(Deno.readDir(new URL(folder, ROOT)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
