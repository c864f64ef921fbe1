/** Settings that cannot be read, and how they are mended. */

import assert from "node:assert/strict";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { TestWorld } from "./world.ts";

test("config reset puts a damaged file aside", async () => {
  await using world = await TestWorld.make();
  await world.writeConfig("damaged [");
  assert.equal((await world.run("update --check")).code, 3);
  const { code, stdout } = await world.run("config reset");
  assert.equal(code, 0);
  assert.match(
    stdout,
    /^✅ Configuration reset: the defaults apply\nThe previous settings are in \S+\.bak\n$/,
  );
  const [name] = await readdir(dirname(world.configFile));
  assert.equal(await readFile(join(dirname(world.configFile), name!), "utf8"), "damaged [");
});

test("a damaged policy is not mended by commands that act on the user's own file", async () => {
  await using world = await TestWorld.make();
  await world.writeConfig('[updates]\nchannel = "beta"\n');
  const policies: [text: string | Uint8Array, why: RegExp][] = [
    ["[updates", /^Configuration file is damaged: \S+policy\.toml, line 1/],
    [new Uint8Array([0xff]), /^Configuration file is damaged: \S+policy\.toml is not UTF-8/],
    ["#".repeat(300 * 1024), /^Configuration file is too large: \S+policy\.toml/],
  ];
  for (const [text, why] of policies) {
    await writeFile(world.policyFile, text, { mode: 0o644 });
    for (const words of ["config show", "config validate", "config set updates.enabled true"]) {
      const { code, stderr } = await world.run(words);
      assert.equal(code, 3, words);
      assert.match(stderr, why);
      assert.match(stderr, /as root, or ask your administrator$/m);
      assert.doesNotMatch(stderr, /cco config/);
    }
  }
  assert.equal(await world.readConfig(), '[updates]\nchannel = "beta"\n');
});

test("a damaged file that --config names is mended under its name", async () => {
  await using world = await TestWorld.make();
  await writeFile(join(world.folder, "other.toml"), "[updates", { mode: 0o600 });
  for (const words of ["config show", "config set updates.enabled true"]) {
    const { code, stderr } = await world.run(`${words} --config other.toml`);
    assert.equal(code, 3);
    assert.match(
      stderr,
      /'cco config edit --config \S+other\.toml'.*'cco config reset --config \S+other\.toml'/,
    );
  }
});

test("a table that is none is said in one sentence", async () => {
  await using world = await TestWorld.make();
  await world.writeConfig("updates = 5\n");
  for (const words of ["config validate", "config show"]) {
    const { code, stderr } = await world.run(words);
    assert.equal(code, 3);
    assert.match(
      stderr,
      /^Configuration file is damaged: \S+config\.toml: updates is not a table\. Write \[updates\]/,
    );
    assert.equal(stderr.split("is not a table").length, 2);
  }
});

test("a path of the settings that leads to no file is said in plain words", async () => {
  const places: [name: string, make: (path: string) => Promise<unknown>, message: RegExp][] = [
    [
      "dangling",
      (path) => symlink("nowhere.toml", path),
      /is a link to a file that is not there\. Mend or remove/,
    ],
    [
      "loop",
      (path) => symlink("config.toml", path),
      /is a link that leads nowhere\. Mend or remove the link/,
    ],
    ["folder", (path) => mkdir(path), /is a folder\. Move it away/],
  ];
  for (const [name, make, message] of places) {
    await using world = await TestWorld.make();
    await mkdir(dirname(world.configFile), { recursive: true });
    await make(world.configFile);
    for (const words of ["config show", "config set updates.enabled true"]) {
      const { code, stderr } = await world.run(words);
      assert.equal(code, 3, name);
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /os error|realPath|E[A-Z]{4}/);
    }
  }
});
