/** `cco config set` and `cco config unset`. */

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { TestWorld } from "./world.ts";

test("config set refuses a managed key and says so", async () => {
  await using world = await TestWorld.make();
  await writeFile(world.policyFile, '[updates]\nchannel = "stable"\n', { mode: 0o644 });
  const { code, stderr } = await world.run("config set updates.channel beta");
  assert.equal(code, 3);
  assert.match(stderr, /^Managed configuration key: updates\.channel is set by the policy .*policy\.toml/);
  assert.equal(await readFile(world.configFile, "utf8").catch(() => "none"), "none");
});

test("config set says when the environment overrides what was set", async () => {
  await using world = await TestWorld.make();
  world.env["CCO_AUTO_UPDATE_CHANNEL"] = "stable";
  const { code, stderr } = await world.run("config set updates.channel beta");
  assert.equal(code, 0);
  assert.match(stderr, /CCO_AUTO_UPDATE_CHANNEL in the environment overrides updates\.channel/);
});

test("config set takes several words for a value with spaces", async () => {
  await using world = await TestWorld.make();
  await world.run("config set updates.window Tue 02:00-04:00 UTC");
  await world.run("config set updates.sources https://a.example/m.json github:a/b");
  assert.equal(
    (await world.run("config get updates.window")).stdout,
    "updates.window = Tue 02:00-04:00 UTC\n",
  );
  assert.match(await world.readConfig(), /sources = \[ ?"https:\/\/a\.example\/m\.json", "github:a\/b" ?\]/);
});

test("config set mends a file whose value cannot be used", async () => {
  await using world = await TestWorld.make();
  await world.writeConfig("[updates]\nenabled = 7 # oops\n");
  assert.equal((await world.run("config show")).code, 3);
  assert.equal((await world.run("config set updates.enabled true")).code, 0);
  assert.equal(await world.readConfig(), "[updates]\nenabled = true # oops\n");
});

test("config set refuses a range that the SemVer library cannot read", async () => {
  await using world = await TestWorld.make();
  const { code, stderr } = await world.run("config set updates.pin =>>1");
  assert.equal(code, 3);
  assert.match(stderr, /^Invalid version range: =>>1/);
});

test("config set of a recorded key is refused", async () => {
  await using world = await TestWorld.make();
  const { code, stderr } = await world.run("config set updates.last_check now");
  assert.deepEqual({ code, stderr }, {
    code: 3,
    stderr: "updates.last_check is recorded by cco and cannot be set\n",
  });
});

test("config unset goes back to the default and keeps comments", async () => {
  await using world = await TestWorld.make();
  await world.writeConfig('# top\n[updates]\nchannel = "beta" # for me\n');
  const { stdout } = await world.run("config unset updates.channel");
  assert.equal(stdout, "✅ Configuration updated: updates.channel = stable (default)\n");
  assert.equal(await world.readConfig(), "# top\n[updates]\n# for me\n");
});
