/** What the flags of `cco update` ask for. */

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { worldWithThree, worldWithUpdate } from "./update_world.ts";
import { scriptOf, TestWorld } from "./world.ts";

test("cco update --version takes a version as it is shown, with a v", async () => {
  await using world = await worldWithUpdate();
  assert.equal((await world.run("update --yes --version v2025.11.2")).code, 0);
  assert.equal(await readFile(world.executable, "utf8"), scriptOf("2025.11.2"));
});

test("cco update --dry-run verifies, names what would be done, and changes nothing", async () => {
  await using world = await worldWithUpdate();
  const { code, stdout } = await world.run("update --dry-run");
  assert.equal(code, 0);
  assert.match(stdout, / {2}✓ Checksum verified\n/);
  assert.match(stdout, new RegExp(`Would install v2025.11.2 over v2025.11.1: ${world.executable}\n`));
  assert.match(stdout, /Nothing was changed\n$/);
  assert.deepEqual(await world.installed(), ["cco"]);
});

test("cco update --install is cco update", async () => {
  await using world = await worldWithUpdate();
  const { code, stdout } = await world.run("update --install --yes");
  assert.equal(code, 0);
  assert.match(stdout, /Successfully updated to v2025\.11\.2/);
});

test("cco update --channel follows another channel this time only", async () => {
  await using world = await TestWorld.make();
  await world.publish([{ version: "2025.11.2" }, { version: "2025.12.0-beta.1" }], {
    fields: { latest: { stable: "2025.11.2", beta: "2025.12.0-beta.1" } },
  });
  assert.match(
    (await world.run("update --check --channel beta")).stdout,
    /New version available: v2025\.12\.0-beta\.1/,
  );
  assert.equal((await world.run("config get updates.channel")).stdout, "updates.channel = stable\n");
  assert.doesNotMatch((await world.run("version")).stdout, /beta/);
  assert.match((await world.run("update --check")).stdout, /New version available: v2025\.11\.2/);
  const { code, stderr } = await world.run("update --check --channel experimental");
  assert.deepEqual({ code, stderr }, {
    code: 2,
    stderr: "Invalid channel: experimental. Use: stable, beta, nightly\n",
  });
});

test("cco update --version goes to that version; an older one also needs --allow-downgrade", async () => {
  await using world = await TestWorld.make("2025.11.2");
  await world.publish([{ version: "2025.11.1" }, { version: "2025.11.2" }]);
  const refused = await world.run("update --yes --version 2025.11.1");
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /^Downgrade refused: .*2025\.11\.1.*--allow-downgrade/);
  const missing = await world.run("update --yes --version 9.9.9");
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /^Version not available: .*9\.9\.9/);
  const { code } = await world.run("update --yes --version 2025.11.1 --allow-downgrade");
  assert.equal(code, 0);
  assert.equal(await readFile(world.executable, "utf8"), scriptOf("2025.11.1"));
});

const hints: [flags: string, command: string][] = [
  ["", "cco update"],
  ["--channel stable", "cco update --channel stable"],
  ["--version v2025.11.3", "cco update --version v2025.11.3"],
  ["--version 2025.11.1 --allow-downgrade", "cco update --version 2025.11.1 --allow-downgrade"],
];

for (const [flags, command] of hints) {
  test(`cco update --check ${flags} names the command that installs what it has found`, async () => {
    await using world = await worldWithThree();
    const { stdout } = await world.run(`update --check ${flags}`);
    assert(stdout.endsWith(`\nRun '${command}' to install\n`), stdout);
    const { code, stderr } = await world.run(`update ${flags}`);
    assert.equal(code, 2);
    assert(stderr.includes(`Run '${command} --yes' to update`), stderr);
  });
}

test("cco update --version of what is installed does not call it the latest version", async () => {
  await using world = await worldWithThree();
  const { code, stdout } = await world.run("update --yes --version 2025.11.2");
  assert.equal(code, 0);
  assert.match(stdout, /\n→ Latest version: 2025\.11\.3\n✅ v2025\.11\.2 is installed already\n$/);
  const { document } = await world.json("update --yes --version 2025.11.2");
  assert.deepEqual([document["outcome"], document["latest"]], ["up-to-date", "2025.11.3"]);
});

test("flags that ask for different things are refused", async () => {
  await using world = await worldWithUpdate();
  for (
    const flags of [
      "--check --rollback",
      "--dry-run --list-backups",
      "--to 1.0.0",
      "--list-backups --version 1.0.0",
      "--rollback --channel beta",
      "--check --channel experimental",
      "--version latest",
    ]
  ) {
    const { code, stdout } = await world.run(`update ${flags}`);
    assert.deepEqual({ code, stdout }, { code: 2, stdout: "" }, flags);
  }
});

const managed: [policy: string, words: string, code: number, message: RegExp][] = [
  [
    'channel = "stable"',
    "update --check --channel beta",
    3,
    /^Managed configuration key: updates\.channel is stable by the policy \S+policy\.toml, which --channel beta cannot/,
  ],
  ['channel = "stable"', "update --check --channel stable", 0, /^$/],
  [
    'pin = "~2025.10"',
    "update --dry-run --yes --version 2025.11.2",
    3,
    /^Managed configuration key: updates\.pin is ~2025\.10 by the policy \S+policy\.toml, which --version 2025\.11\.2 cannot/,
  ],
  ['pin = "~2025.11"', "update --dry-run --yes --version v2025.11.2", 0, /^$/],
];

for (const [policy, words, code, message] of managed) {
  test(`with ${policy} in the policy, cco ${words} ends with ${code}`, async () => {
    await using world = await TestWorld.make();
    await world.publish([{ version: "2025.11.2" }]);
    await writeFile(world.policyFile, `[updates]\n${policy}\n`, { mode: 0o644 });
    const answer = await world.run(words);
    assert.equal(answer.code, code, answer.stderr);
    assert.match(answer.stderr, message);
  });
}

test("a pin of the person's own does not keep --version away", async () => {
  await using world = await TestWorld.make();
  await world.publish([{ version: "2025.11.2" }]);
  await world.writeConfig('[updates]\npin = "~2025.10"\nchannel = "stable"\n');
  assert.equal((await world.run("update --dry-run --yes --version 2025.11.2")).code, 0);
});
