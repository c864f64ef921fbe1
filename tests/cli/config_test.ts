/** `cco config` beyond the contract's blocks: which file it is, and who may write it. */

import assert from "node:assert/strict";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { TestWorld } from "./world.ts";

test("config path prints the path and nothing else", async () => {
  await using world = await TestWorld.make();
  assert.equal((await world.run("config path")).stdout, `${world.configFile}\n`);
  world.env["XDG_CONFIG_HOME"] = join(world.folder, "xdg");
  assert.equal((await world.run("config path")).stdout, `${join(world.folder, "xdg/cco/config.toml")}\n`);
});

test("--config names another file, relative to the current folder; a missing one is an error for readers", async () => {
  await using world = await TestWorld.make();
  const missing = await world.run("config show --config other.toml");
  assert.equal(missing.code, 3);
  assert.match(missing.stderr, /^Configuration file does not exist: .*other\.toml/);
  assert.equal((await world.run("config set updates.channel beta --config other.toml")).code, 0);
  assert.equal(
    (await world.run("config get updates.channel --config other.toml")).stdout,
    "updates.channel = beta\n",
  );
  assert.equal((await world.run("config get updates.channel")).stdout, "updates.channel = stable\n");
});

test("an unknown key does not stop an older cco after a rollback", async () => {
  await using world = await TestWorld.make();
  await world.writeConfig('[updates]\nchannel = "beta"\nfrom_the_future = true\n');
  assert.equal((await world.run("config get updates.channel")).stdout, "updates.channel = beta\n");
});

test("a Kubernetes ConfigMap mount works: read, not written, state elsewhere", async () => {
  await using world = await TestWorld.make();
  await world.publish([{ version: "2025.11.2" }]);
  const folder = dirname(world.configFile);
  await mkdir(join(folder, "..2025"), { recursive: true });
  const text = `[updates]
enabled = false          # Updates handled by deployment
auto_install = false
check_interval = "never"
channel = "stable"
`;
  await writeFile(join(folder, "..2025/config.toml"), text, { mode: 0o444 });
  await symlink("..2025", join(folder, "..data"));
  await symlink("..data/config.toml", world.configFile);
  assert.equal(
    (await world.run("config get updates.check_interval")).stdout,
    "updates.check_interval = never\n",
  );
  assert.equal((await world.run("update --check")).code, 0);
  assert.match((await world.run("config get updates.last_check")).stdout, /\d{4}-/);
  const { code, stderr } = await world.run("config set updates.enabled true");
  assert.equal(code, 3);
  assert.match(stderr, /^Configuration file cannot be written: .*read-only/);
  assert.equal(await world.readConfig(), text);
});

test("the guide's set-up script leaves the configuration that it shows", async () => {
  await using world = await TestWorld.make();
  for (
    const [key, value] of [["enabled", "false"], ["check_interval", "never"], ["auto_install", "false"], [
      "channel",
      "stable",
    ]]
  ) {
    assert.equal((await world.run(`config set updates.${key} ${value}`)).code, 0);
  }
  assert.match(
    (await world.run("config show")).stdout,
    /Enabled: false\n {2}Auto-install: false\n {2}Check interval: never\n {2}Channel: stable\n/,
  );
  assert.equal(
    await world.readConfig(),
    '[updates]\nenabled = false\ncheck_interval = "never"\nauto_install = false\nchannel = "stable"\n',
  );
});
