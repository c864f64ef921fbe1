/** Completion: what is offered. That shells really complete is in `tests/e2e/completions_test.ts`. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { Language, Parser } from "web-tree-sitter";
// What is imported has a path, and the grammar lies beside it.
import grammarPackage from "tree-sitter-powershell/package.json" with { type: "json" };
import { COMMANDS } from "../../src/cli/commands.ts";
import { candidatesFor } from "../../src/cli/complete.ts";
import { addBlock } from "../../src/cli/profile_block.ts";
import { powershellLine } from "../../src/cli/profile_lines.ts";
import { SCRIPTS, SHELLS } from "../../src/cli/shells.ts";
import { TestWorld } from "./world.ts";

/** Typed words, the last one unfinished, and what is offered. */
const offers: [words: string[], offered: string[]][] = [
  [["upd"], ["update"]],
  [["config", ""], ["show", "get", "set", "unset", "path", "edit", "reset", "validate"]],
  [["update", "--ch"], ["--check", "--channel"]],
  [["update", "--channel", ""], ["stable", "beta", "nightly"]],
  [["update", "--channel=b"], ["--channel=beta"]],
  [["update", "--channel", "=", "b"], ["beta"]],
  [["update", "--channel", "="], ["stable", "beta", "nightly"]],
  [["update", "--channel", "beta", "--ye"], ["--yes"]],
  [["config", "get", "updates.last"], ["updates.last_check", "updates.last_update"]],
  [["config", "set", "updates.last"], []],
  [["config", "set", "telemetry"], ["telemetry.enabled", "telemetry.address"]],
  [["config", "set", "updates.check_interval", ""], ["hourly", "daily", "weekly", "never"]],
  [["config", "set", "updates.enabled", "t"], ["true"]],
  [["--config", ""], [":files"]],
  [["--config", "x", "vers"], ["version"]],
  [["completions", ""], [...SHELLS]],
  [["help", "up"], ["update"]],
  [["compl"], ["completions"]],
  [["update", "x"], []],
  [["frobnicate", ""], COMMANDS.commands!.filter(({ hidden }) => !hidden).map(({ name }) => name)],
];

for (const [words, offered] of offers) {
  test(`after "cco ${words.join(" ")}" comes ${offered.join(", ") || "nothing"}`, () => {
    assert.deepEqual(candidatesFor(COMMANDS, words).map(({ word }) => word), offered);
  });
}

test("cco complete prints a word, a tab and what it is", async () => {
  await using world = await TestWorld.make();
  const { stdout } = await world.run("complete -- config se");
  assert.equal(stdout, "set\tchange one value\n");
});

test("cco completions prints the script of each shell and refuses others", async () => {
  await using world = await TestWorld.make();
  for (const shell of SHELLS) {
    const { code, stdout } = await world.run(`completions ${shell}`);
    assert.deepEqual({ code, stdout }, { code: 0, stdout: SCRIPTS.get(shell) });
  }
  const { code, stderr } = await world.run("completions zhs");
  assert.equal(code, 2);
  assert.match(stderr, /^Unknown shell: zhs\. Use: bash, zsh, fish, powershell\. Did you mean zsh\?/);
});

test("the script for PowerShell is PowerShell, as far as a parser can tell", async () => {
  // There is no PowerShell in any registry that tests may use.
  await Parser.init();
  const grammar = new URL(
    `${grammarPackage.name}.wasm`,
    import.meta.resolve("tree-sitter-powershell/package.json"),
  );
  const parser = new Parser().setLanguage(await Language.load(new Uint8Array(await readFile(grammar))));
  const holdsErrors = (text: string) => parser.parse(text)!.rootNode.hasError;
  assert(holdsErrors("if ($x { }"));
  assert(!holdsErrors(SCRIPTS.get("powershell")!));
  assert(!holdsErrors(addBlock(undefined, powershellLine("$HOME/.local/bin"))));
});

test("an empty word that PowerShell passes on as quotes is an empty word", async () => {
  await using world = await TestWorld.make();
  const words = ["complete", "--", "update", "--channel", '""'];
  assert.equal((await world.run(...words)).stdout, "stable\nbeta\nnightly\n");
});
