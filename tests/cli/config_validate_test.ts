/** `cco config validate`. */

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import { TestWorld } from "./world.ts";

test("config validate names every problem, exit code 3", async () => {
  await using world = await TestWorld.make();
  assert.equal((await world.run("config validate")).stdout, "✅ Configuration is valid\n");
  await world.writeConfig('[updates]\nenabled = 7\nchanel = "beta"\n[trust]\nkeys = []\n[mine]\nx = 1\n');
  const { code, stderr } = await world.run("config validate");
  assert.equal(code, 3);
  assert.match(stderr, /Invalid boolean value: 7/);
  assert.match(stderr, /Unknown configuration key: updates\.chanel\. Did you mean updates\.channel\?/);
  assert.match(stderr, /Unknown configuration key: trust\. Whom to trust is built into cco/);
  assert.doesNotMatch(stderr, /mine/);
});

test("config validate names what is unknown in a policy, exit code 3", async () => {
  await using world = await TestWorld.make();
  const policies: [text: string, problem: RegExp][] = [
    [
      '[updates]\nchanel = "beta"\n',
      /^Unknown configuration key: updates\.chanel in \S+policy\.toml\. Did you mean updates\.channel\?$/m,
    ],
    [
      '[updatess]\nchannel = "beta"\n',
      /^Unknown configuration table: \[updatess\] in \S+policy\.toml\. Did you mean \[updates\]\?$/m,
    ],
    ["[mine]\n", /^Unknown configuration table: \[mine\] in \S+policy\.toml\. There are updates, service, /m],
    ['channel = "beta"\n', /^Unknown configuration key: channel in \S+\. Did you mean updates\.channel\?$/m],
  ];
  for (const [text, problem] of policies) {
    await writeFile(world.policyFile, text, { mode: 0o644 });
    const { code, stderr } = await world.run("config validate");
    assert.equal(code, 3, text);
    assert.match(stderr, problem);
    assert.equal((await world.run("config show")).code, 0, "nothing else stops for it");
  }
});

const tables: [name: string, meant: string | undefined][] = [
  ["updatess", "updates"],
  ["update", "updates"],
  ["udpates", "updates"],
  ["Updates", "updates"],
  ["servise", "service"],
  ["server", undefined],
  ["mine", undefined],
];

for (const [name, meant] of tables) {
  test(`config validate takes the table [${name}] for ${meant ?? "somebody else's"}`, async () => {
    await using world = await TestWorld.make();
    await world.writeConfig(`[${name}]\nchannel = "beta"\n`);
    const { code, stderr } = await world.run("config validate");
    const message = meant === undefined
      ? ""
      : `Unknown configuration table: [${name}]. Did you mean [${meant}]?\n`;
    assert.deepEqual({ code, stderr }, { code: meant === undefined ? 0 : 3, stderr: message });
  });
}

test("config validate warns of variables that no setting has", async () => {
  await using world = await TestWorld.make();
  Object.assign(world.env, { CCO_UPDATES_CHANEL: "beta", CCO_SERVICE_ZZZZZZZ: "1", CCO_RELEASE_KEY: "x" });
  const { code, stderr } = await world.run("config validate");
  assert.equal(code, 0);
  assert.equal(
    stderr,
    "⚠️  Unknown environment variable: CCO_SERVICE_ZZZZZZZ. It has no effect\n" +
      "⚠️  Unknown environment variable: CCO_UPDATES_CHANEL. Did you mean CCO_UPDATES_CHANNEL?\n",
  );
  assert.equal((await world.json("config validate")).document["warnings"] instanceof Array, true);
  assert.equal((await world.run("config show")).stderr, "");
});

test("config validate names a file of certificates that is not there", async () => {
  await using world = await TestWorld.make();
  await world.writeConfig('[updates]\nca_file = "/nope/ca.pem"\n');
  const { code, stderr } = await world.run("config validate");
  assert.equal(code, 3);
  assert.match(stderr, /^Invalid path: \/nope\/ca\.pem is not there/);
});
