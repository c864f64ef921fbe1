import { test } from "node:test";
import assert from "node:assert/strict";
import { ROOT } from "./module_graph.ts";

const read = (path: string) => Deno.readTextFile(new URL(path, ROOT));
const page = await read("docs/cli.md");
const chapter = page.slice(page.indexOf("## For programs"), page.indexOf("## Completion"));

/** Every match of a pattern's first group, once, in order. */
function found(text: string, ...patterns: readonly RegExp[]): string[] {
  const all = patterns.flatMap((pattern) => [...text.matchAll(pattern)].flatMap(([, code]) => code ?? []));
  return [...new Set(all)].sort();
}

/** The codes of the updater itself, of the settings, and of the command line. */
async function codesInSource(): Promise<{ library: string[]; own: string[] }> {
  const library = found(await read("src/errors.ts"), /^ {2}([A-Z][A-Z_]+): \{/gm);
  const settings = found(await read("src/config/config_error.ts"), /\| "([A-Z_]+)"/g);
  const commands: string[] = [];
  for await (const { name } of Deno.readDir(new URL("src/cli", ROOT))) {
    if (!name.endsWith(".ts")) continue;
    const text = await read(`src/cli/${name}`);
    commands.push(
      ...found(text, /\bcode: [^,\n]*"([A-Z][A-Z_]+)"/g, /\bfailure\([^;]*?"([A-Z][A-Z_]{3,})"/g),
    );
  }
  // The system's names of what went wrong are compared with, and shown to nobody.
  const own = [...settings, ...commands].filter((code) => !/^E[A-Z]+$/.test(code) && !library.includes(code));
  return { library, own: [...new Set(own)].sort() };
}

test("docs/cli.md lists every code that cco's own failures have, and no other", async () => {
  const { own } = await codesInSource();
  assert.ok(own.length > 20);
  assert.deepEqual(found(chapter, /^\| `([A-Z_]+)` /gm), own);
});

test("docs/cli.md lists every code of the library's errors, and no other", async () => {
  const { library } = await codesInSource();
  assert.ok(library.length > 20);
  const list = /library's errors: ([^.]+)\./.exec(chapter)?.[1] ?? "";
  assert.deepEqual(found(list, /`([A-Z_]+)`/g), library);
});
