import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { makeEager } from "../../../scripts/compile/eager.ts";
import { type Ran, readRan } from "../../../scripts/compile/ran.ts";
import { PROGRAMS } from "./eager_programs.ts";

const decoder = new TextDecoder();

test("a module is rewritten where its functions ran, and nowhere else", async () => {
  await using run = await covered();
  for (const [title, { before, after }] of Object.entries(PROGRAMS)) {
    assert.equal(makeEager(before, run.ran[fileOf(title)] ?? []), after, title);
  }
});

test("a module without functions that ran stays as it is", () => {
  for (const { before } of Object.values(PROGRAMS)) assert.equal(makeEager(before, []), before);
});

test("a method is known by all of it, not by what follows its name", () => {
  const text = "export const o={get a(){return 1},m(){}};class C{m(){}}";
  const spans = [...text.matchAll(/\(\)\{.*?\}/g)].map(({ index, 0: { length } }) =>
    [index, index + length] as const
  );
  assert.equal(spans.length, 3);
  assert.equal(makeEager(text, spans), text);
});

test("the rewritten modules give what the modules gave", async () => {
  await using run = await covered();
  for (const [title, { before, after, result }] of Object.entries(PROGRAMS)) {
    assert.deepEqual(await resultOf(run.folder, before), result, title);
    assert.deepEqual(await resultOf(run.folder, after), result, `${title}, rewritten`);
  }
});

test("V8 compiles with its file what is in parentheses, and only skims what is not", async () => {
  const names = await compiledLater(PROGRAMS["what is an argument gets parentheses of its own"]!);
  assert.deepEqual(names.before, ["", "add", "twice"]);
  assert.deepEqual(names.after, ["add"], "async arrow functions have no such form");
});

/** All programs in a folder, and what ran in them. */
async function covered(): Promise<{ folder: string; ran: Ran } & AsyncDisposable> {
  const folder = await Deno.makeTempDir({ prefix: "cco-eager-" });
  for (const [title, { before }] of Object.entries(PROGRAMS)) {
    await Deno.writeTextFile(join(folder, fileOf(title)), before);
  }
  const imports = Object.keys(PROGRAMS).map((title) => `import ${JSON.stringify(`./${fileOf(title)}`)};\n`);
  await Deno.writeTextFile(join(folder, "main.js"), imports.join(""));
  await run(folder, [`--coverage=${join(folder, "coverage")}`, "main.js"]);
  const ran = await readRan(join(folder, "coverage"), folder);
  return { folder, ran, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

function fileOf(title: string): string {
  return `${title.replaceAll(/\W+/g, "_")}.js`;
}

async function run(folder: string, args: readonly string[]): Promise<void> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-config", ...args],
    cwd: folder,
  });
  const { success, stderr } = await command.output();
  assert(success, decoder.decode(stderr));
}

async function resultOf(folder: string, text: string): Promise<unknown> {
  const path = join(folder, `${crypto.randomUUID()}.js`);
  await Deno.writeTextFile(path, text);
  return (await import(pathToFileURL(path).href)).result;
}

/** The names of the functions that V8 compiles when they are called, by what it writes down about itself. */
async function compiledLater(
  { before, after }: { before: string; after: string },
): Promise<{ before: string[]; after: string[] }> {
  const folder = await Deno.makeTempDir({ prefix: "cco-eager-" });
  try {
    const names = async (text: string) => {
      await Deno.writeTextFile(join(folder, "program.js"), text);
      const flags = "--log-function-events,--no-logfile-per-isolate,--logfile=v8.log";
      await run(folder, [`--v8-flags=${flags}`, "program.js"]);
      const lines = (await Deno.readTextFile(join(folder, "v8.log"))).split("\n").map((line) =>
        line.split(",")
      );
      const script = lines.find(([kind, , name]) =>
        kind === "script-details" && name?.endsWith("program.js")
      );
      const later = lines.filter(([kind, event, id]) =>
        kind === "function" && event === "parse-function" && id === script?.[1]
      );
      return later.map((line) => line.at(-1)!).sort();
    };
    return { before: await names(before), after: await names(after) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
