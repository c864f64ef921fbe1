/** The lines that `cco install` adds to the start-up file of a shell. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { addBlock, removeBlocks } from "../../src/cli/profile_block.ts";
import { posixLine } from "../../src/cli/profile_lines.ts";

test("removeBlocks() undoes addBlock() for any text, and addBlock() adds once", () => {
  fc.assert(
    fc.property(
      fc.option(fc.string({ unit: fc.constantFrom("a", "\n", "#", " ", "\r") }), { nil: undefined }),
      (text) => {
        const added = addBlock(text, "line");
        assert.equal(addBlock(added, "line"), added);
        assert.equal(removeBlocks(added, "line"), text);
      },
    ),
  );
  assert.equal(removeBlocks(addBlock("a", "line") + "later\n", "line"), "a\nlater\n");
});

const path = posixLine("$HOME/.local/bin");

const [begin, end] = ["# >>> cco path >>>", "# <<< cco path <<<"];

const elsewhere = posixLine("$HOME/go/bin");

const damaged: [what: string, before: string[], after: string[]][] = [
  ["the end mark is gone", ["a", begin, path, "mine"], ["a", "mine"]],
  ["the first mark is gone", ["a", path, end, "mine"], ["a", "mine"]],
  ["both marks are gone", ["a", path, "mine"], ["a", path, "mine"]],
  ["the line is gone", ["a", begin, end, "mine"], ["a", "mine"]],
  ["own lines between the marks", ["a", begin, path, "mine", end, "b"], ["a", "mine", "b"]],
  [
    "own lines between the remains and a second block",
    ["a", begin, path, "one", "two", begin, path, end, "three"],
    ["a", "one", "two", "three"],
  ],
  ["two blocks", [begin, path, end, "mine", begin, path, end], ["mine"]],
  ["a block of an earlier home", ["a", begin, posixLine("/old/.local/bin"), end, "b"], ["a", "b"]],
  ["an own line of the same form after the remains", [begin, path, elsewhere], [elsewhere]],
  ["an own line of the same form where ours was", [begin, elsewhere, "mine"], [elsewhere, "mine"]],
  ["marks with other ends", ["a\r", `${begin}\r`, `${path}\r`, `${end} \r`, "b\r"], ["a\r", "b\r"]],
];

for (const [what, before, after] of damaged) {
  test(`removeBlocks() removes no line of the person's: ${what}`, () => {
    const [text, rest] = [before, after].map((lines) => lines.map((line) => `${line}\n`).join(""));
    assert.equal(removeBlocks(text!, path), rest);
    assert.equal(removeBlocks(addBlock(text!, path), path), rest);
  });
}
