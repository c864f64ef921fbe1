/** `cco config edit`. */

import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { test } from "node:test";
import { TestWorld } from "./world.ts";

const edits: [name: string, text: string, code: number, after: string, output: RegExp][] = [
  [
    "a good change",
    '[updates]\nchannel = "beta"\n',
    0,
    '[updates]\nchannel = "beta"\n',
    /^✅ Configuration updated\n$/,
  ],
  ["no change", "# mine\n", 0, "# mine\n", /^Configuration unchanged\n$/],
  [
    "a value that cannot be used",
    "[updates]\nenabled = 7\n",
    3,
    "# mine\n",
    /Invalid boolean value: 7.*Nothing was changed/,
  ],
  [
    "what is no TOML",
    "[updates",
    3,
    "# mine\n",
    /^Configuration file is damaged: (?!.*cco config).*\. Nothing was changed; what you wrote is in \S+\n$/,
  ],
  ["an unknown key", "[updates]\nchanel = 1\n", 3, "# mine\n", /Did you mean updates\.channel/],
];

for (const [name, text, code, after, expected] of edits) {
  test(`config edit with ${name}`, async () => {
    await using world = await TestWorld.make();
    await world.writeConfig("# mine\n");
    world.sit();
    world.env["NO_COLOR"] = "1";
    world.editor = async (path) => {
      await writeFile(path, text);
      return 0;
    };
    const answer = await world.run("config edit");
    assert.equal(answer.code, code);
    assert.match(answer.stdout + answer.stderr, expected);
    assert.equal(await world.readConfig(), after);
    const copies = (await readdir(dirname(world.configFile))).filter((file) => file.includes("edit"));
    assert.equal(copies.length, code === 0 ? 0 : 1, "what was typed in vain is kept");
  });
}

test("config edit needs a terminal", async () => {
  await using world = await TestWorld.make();
  const { code, stderr } = await world.run("config edit");
  assert.equal(code, 2);
  assert.match(stderr, /^Cannot open an editor without a terminal/);
});

test("config edit of an editor that fails changes nothing, exit code 1, and keeps what was written", async () => {
  for (const text of ["# mine\n", "[updates]\nenabled = false\n"]) {
    await using world = await TestWorld.make();
    await world.writeConfig("# mine\n");
    world.sit();
    world.env["NO_COLOR"] = "1";
    world.editor = async (path) => {
      await writeFile(path, text);
      return 7;
    };
    const { code, stderr } = await world.run("config edit");
    assert.equal(code, 1);
    assert.match(stderr, /The editor vi ended with exit code 7\. Nothing was changed/);
    const kept = text === "# mine\n" ? undefined : /what you wrote is in (\S+)/.exec(stderr)?.[1];
    if (text !== "# mine\n") assert.equal(await readFile(kept!, "utf8"), text);
    assert.equal(await world.readConfig(), "# mine\n");
    assert.equal((await readdir(dirname(world.configFile))).length, kept === undefined ? 1 : 2);
  }
});

test("config edit after somebody else's change names the file that keeps what was written", async () => {
  await using world = await TestWorld.make();
  await world.writeConfig("# mine\n");
  world.sit();
  world.env["NO_COLOR"] = "1";
  world.editor = async (path) => {
    await writeFile(path, "[updates]\nenabled = false\n");
    await writeFile(world.configFile, "# theirs\n");
    return 0;
  };
  const { code, stderr } = await world.run("config edit");
  assert.equal(code, 3);
  const kept = /changed by somebody else meanwhile: .*\. Nothing was changed; what you wrote is in (\S+)/
    .exec(stderr);
  assert.equal(await readFile(kept![1]!, "utf8"), "[updates]\nenabled = false\n");
  assert.equal(await world.readConfig(), "# theirs\n");
});
