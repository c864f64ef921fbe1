import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "acorn";
import { bundle } from "../../../scripts/compile/bundle.ts";
import { rehearse } from "../../../scripts/compile/rehearsal.ts";
import { runBundler } from "../../../scripts/compile/bundler.ts";
import { type Snapshot, takeSnapshot } from "../../../scripts/compile/snapshot.ts";
import { namesIn } from "../../../scripts/demo/home.ts";
import { developmentBuild } from "../../../src/cli/build.ts";

test("a rehearsal names functions of the bundle, and the next one is answered from the cache", async () => {
  await using program = await bundled();
  const ran = await rehearse(program.snapshot, program.folder, program.cache);
  const functions = Object.entries(ran).flatMap(([name, spans]) => {
    const text = Deno.readTextFileSync(join(program.folder, name));
    return spans.map(([start, end]) => text.slice(start, end));
  });
  assert(functions.some((text) => /^(?:async )?function /.test(text)), "declarations ran");
  assert(
    functions.some((text) => text.includes("if-none-match")),
    "the check asked whether the manifest has changed",
  );
  assert(!("main.js" in ran), "main.js is another one in each build");
  const [kept] = await namesIn(join(program.cache, "rehearsed"));
  await Deno.writeTextFile(join(program.cache, "rehearsed", kept!), '{"kept.js":[]}');
  assert.deepEqual(await rehearse(program.snapshot, program.folder, program.cache), { "kept.js": [] });
  await Deno.remove(program.cache, { recursive: true });
  assert.deepEqual(
    await rehearse(program.snapshot, program.folder, program.cache),
    ran,
    "it comes out the same each time",
  );
});

test("a bundle that a rehearsal does not make again is refused", async () => {
  await using program = await bundled();
  await Deno.writeTextFile(join(program.folder, "facts.js"), "export const version = 1;\n");
  await assert.rejects(
    rehearse(program.snapshot, program.folder, program.cache),
    /^Error: Cannot rehearse a check: with another build other files than main\.js differ\./,
  );
});

test("a program that does not check is refused, and nothing is kept", async () => {
  await using program = await bundled();
  const path = join(program.snapshot.folder, "cli.ts");
  await Deno.writeTextFile(path, "export function main() { console.log('No'); Deno.exit(3); }\n");
  await Deno.remove(program.folder, { recursive: true });
  await runBundler(program.snapshot, program.folder);
  await assert.rejects(
    rehearse(program.snapshot, program.folder, program.cache),
    /^Error: Cannot rehearse a check: cco update --check exited with 3:\nNo\n/,
  );
  assert.deepEqual(await namesIn(join(program.cache, "rehearsed")), []);
});

test("two bundles differ in main.js alone, and no file is imported by one that it imports", async () => {
  await using sources = await takeSnapshot(developmentBuild("1.2.3"));
  await using one = await bundle(sources);
  await using otherSources = await takeSnapshot({ ...developmentBuild("3.2.1"), minimumSequence: 7 });
  await using other = await bundle(otherSources);
  const names = await namesIn(one.folder);
  assert.deepEqual(await namesIn(other.folder), names);
  const texts = names.map((name) =>
    [one, other].map(({ folder }) => Deno.readTextFileSync(join(folder, name)))
  );
  assert.deepEqual(names.filter((_, index) => texts[index]![0] !== texts[index]![1]), ["main.js"]);
  const imports = new Map(names.map((name, index) => [name, importsOf(texts[index]![0]!)]));
  for (const name of names) {
    assert(!reached(imports, name).has(name), `${name} is imported by what it imports`);
  }
});

interface Bundled extends AsyncDisposable {
  readonly snapshot: Snapshot;
  readonly folder: string;
  readonly cache: string;
}

/** A program as {@link rehearse} gets it, and a cache of its own. */
async function bundled(): Promise<Bundled> {
  const snapshot = await takeSnapshot(developmentBuild("1.2.3"));
  const parent = await Deno.makeTempDir({ prefix: "cco-rehearsal-" });
  const folder = join(parent, "bundle");
  await runBundler(snapshot, folder);
  return {
    snapshot,
    folder,
    cache: join(parent, "cache"),
    [Symbol.asyncDispose]: async () => {
      await Deno.remove(parent, { recursive: true });
      await snapshot[Symbol.asyncDispose]();
    },
  };
}

/** What a file of the bundle imports before it runs. */
function importsOf(text: string): string[] {
  if (text === "{}") return [];
  const { body } = parse(text, { ecmaVersion: "latest", sourceType: "module" });
  return body.flatMap((node) =>
    "source" in node && node.source ? [String(node.source.value).replace(/^\.\//, "")] : []
  );
}

/** The files that are loaded before a file. */
function reached(imports: ReadonlyMap<string, readonly string[]>, name: string): Set<string> {
  const files = new Set(imports.get(name));
  // A set hands out what is added to it meanwhile, too.
  for (const file of files) for (const imported of imports.get(file) ?? []) files.add(imported);
  return files;
}
