import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { gather } from "../../../scripts/compile/gather.ts";

const PROGRAM: Readonly<Record<string, string>> = {
  "deno.json": "{}",
  "main.ts": `const { start } = await import("./core/start.ts");\nawait start(Deno.args[0]!);\n`,
  "core/start.ts": `import { say } from "./say.ts";
export async function start(word: string): Promise<void> {
  if (word === "tall") (await import("../tall.ts")).tall();
  else if (word === "wide") (await import("../wide.ts")).wide();
  else if (word === "rest") say(String((await import("../rest.ts")).REST));
  else say(typeof (await import("node:path")).join);
}
`,
  "core/say.ts": "export function say(text: string): void {\n  console.log(text);\n}\n",
  "part.ts": `export { say } from "./core/say.ts";\nexport const SIZE = 2;\n`,
  "rest.ts": `import { SIZE } from "./part.ts";\nexport const REST: number = SIZE + 1;\n`,
  "tall.ts": `import { say, SIZE } from "./part.ts";
import type { Wide } from "./wide.ts";
export const tall = (): void => say("tall ".repeat(SIZE) + ("" satisfies Wide));\n`,
  "wide.ts":
    `import { say } from "./core/say.ts";\nexport type Wide = string;\nexport const wide = (): void => say("wide");\n`,
};
const GROUPS = [["core/start.ts"], ["rest.ts"]];

test("an entry imports the first group, of the others those it needs something of, and what was meant", async () => {
  await using program = await gathered();
  const read = (name: string) => Deno.readTextFileSync(join(program.folder, name));
  assert.equal(
    read("tall_entry.ts"),
    'import "./core/start.ts";\nimport "./rest.ts";\nexport * from "./tall.ts";\n',
  );
  assert.equal(read("wide_entry.ts"), 'import "./core/start.ts";\nexport * from "./wide.ts";\n');
  assert.equal(read("core/start_entry.ts"), 'import "./start.ts";\nexport * from "./start.ts";\n');
});

test("modules load the entries instead; packages and Node's modules stay as they are", async () => {
  await using program = await gathered();
  const text = await Deno.readTextFile(join(program.folder, "core/start.ts"));
  assert.deepEqual(text.match(/import\(.*?\)/g), [
    'import("../tall_entry.ts")',
    'import("../wide_entry.ts")',
    'import("../rest_entry.ts")',
    'import("node:path")',
  ]);
  assert.equal(await Deno.readTextFile(join(program.folder, "rest.ts")), PROGRAM["rest.ts"]);
});

for (
  const [word, said] of [["tall", "tall tall \n"], ["rest", "3\n"], ["wide", "wide\n"], [
    "",
    "function\n",
  ]] as const
) {
  test(`a gathered program does what it did: ${word || "neither"}`, async () => {
    await using program = await gathered();
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "main.ts", word],
      cwd: program.folder,
    });
    const { stdout, stderr } = await command.output();
    assert.equal(new TextDecoder().decode(stdout), said, new TextDecoder().decode(stderr));
  });
}

async function gathered(): Promise<{ folder: string } & AsyncDisposable> {
  const folder = await Deno.makeTempDir({ prefix: "cco-gather-" });
  await Deno.mkdir(join(folder, "core"));
  for (const [name, text] of Object.entries(PROGRAM)) await Deno.writeTextFile(join(folder, name), text);
  await gather(folder, "main.ts", GROUPS);
  return { folder, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}
