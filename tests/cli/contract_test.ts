/** The fenced blocks of the command-line contract, byte for byte. */

import assert from "node:assert/strict";
import { copyFile, readFile } from "node:fs/promises";
import { test } from "node:test";
import { CONFIG_ANSWERS, TIMES } from "../support/contract_config.ts";
import { testKey } from "../support/signed_release.ts";
import { scriptOf, TestWorld } from "./world.ts";

const NOTES = "- Fix: Improved error handling";

/** A world in which version 2025.11.2 is published and signed. */
async function signedWorld(script?: string): Promise<TestWorld> {
  const world = await TestWorld.make("2025.11.1");
  const key = await testKey(7);
  world.build = { ...world.build, kind: "release", keys: [key.publicKey.text], allowUnsigned: false };
  const release = {
    version: "2025.11.2",
    fields: { notes: NOTES },
    ...(script === undefined ? {} : { script }),
  };
  await world.publish([release], { key });
  return world;
}

test("cco update --check says that a newer version exists", async () => {
  await using world = await signedWorld();
  assert.deepEqual(await world.run("update --check"), {
    code: 0,
    stdout: `→ Checking for updates...
→ Current version: 2025.11.1
→ Latest version: 2025.11.2
ℹ️  New version available: v2025.11.2
Run 'cco update' to install
`,
    stderr: "",
  });
  assert.deepEqual(await world.installed(), ["cco"]);
});

test("cco update --check says that none does", async () => {
  await using world = await TestWorld.make("2025.11.2");
  await world.publish([{ version: "2025.11.2" }]);
  assert.deepEqual(await world.run("update --check"), {
    code: 0,
    stdout: `→ Checking for updates...
→ Current version: 2025.11.2
→ Latest version: 2025.11.2
✅ You are running the latest version
`,
    stderr: "",
  });
});

test("cco update --yes installs, line by line", async () => {
  await using world = await signedWorld();
  assert.deepEqual(await world.run("update --yes"), {
    code: 0,
    stdout: `→ Checking for updates...
→ Current version: 2025.11.1
→ Latest version: 2025.11.2

What's new in v2025.11.2:
  - Fix: Improved error handling

→ Downloading CCO v2025.11.2...
→ Verifying checksum...
  ✓ Checksum verified
→ Verifying signature...
  ✓ Signature verified
→ Extracting archive...
→ Backing up current version...
→ Installing update...
✅ Successfully updated to v2025.11.2

Restart CCO to use the new version.
`,
    stderr: "",
  });
  assert.equal(await readFile(world.executable, "utf8"), scriptOf("2025.11.2"));
  assert.deepEqual(await world.installed(), ["cco", "cco.backup"]);
});

test("cco update --yes says when the new version does not run in its place, and exits 5", async () => {
  // Runs as the staged file and fails under its real name: what a probe before the swap cannot see.
  await using world = await signedWorld(
    '#!/bin/sh\ncase "$0" in */cco) echo broken; exit 3;; esac\necho "cco 2025.11.2"\n',
  );
  const { code, stdout, stderr } = await world.run("update --yes");
  assert.equal(code, 5);
  assert.match(stderr, /^New binary verification failed: .*\(exit code 3\).*broken/);
  assert.equal(
    stdout.slice(stdout.indexOf("→ Installing")),
    `→ Installing update...
⚠️  New binary verification failed, rolling back...
Update failed, rolled back to previous version
`,
  );
  assert.equal(await readFile(world.executable, "utf8"), scriptOf("2025.11.1"));
});

test("cco config show, get and set answer as in the contract", async () => {
  await using world = await TestWorld.make();
  await world.writeState(TIMES);
  for (const [command, stdout] of CONFIG_ANSWERS) {
    assert.deepEqual(await world.run(command), { code: 0, stdout, stderr: "" }, command);
  }
});

test("cco config show and get say Never where there is no time yet", async () => {
  await using world = await TestWorld.make();
  assert.match((await world.run("config show")).stdout, /\n {2}Last check: Never\n {2}Last update: Never\n$/);
  assert.equal((await world.run("config get updates.last_update")).stdout, "updates.last_update = Never\n");
});

const wrong: [command: string, message: string][] = [
  ["config set updates.foo 1", "Unknown configuration key: updates.foo"],
  ["config get updates.chanel", "Unknown configuration key: updates.chanel. Did you mean updates.channel?"],
  ["config set updates.enabled maybe", "Invalid boolean value: maybe"],
  [
    "config set updates.check_interval monthly",
    "Invalid interval: monthly. Use: hourly, daily, weekly, never",
  ],
  ["config set updates.channel experimental", "Invalid channel: experimental. Use: stable, beta, nightly"],
  ["config set __proto__.enabled true", "Unknown configuration key: __proto__.enabled"],
];

for (const [command, message] of wrong) {
  test(`cco ${command} exits 3 and leaves the file alone`, async () => {
    await using world = await TestWorld.make();
    await world.writeConfig("# mine\n");
    const { code, stdout, stderr } = await world.run(command);
    assert.deepEqual({ code, stdout }, { code: 3, stdout: "" });
    assert(stderr.startsWith(message), stderr);
    assert.equal(stderr.split("\n").length, 2);
    assert.equal(await world.readConfig(), "# mine\n");
  });
}

test("cco version shows version, build and runtime, then what the last check found", async () => {
  await using world = await signedWorld();
  const lines = (await world.run("version")).stdout.split("\n");
  assert.deepEqual(lines.slice(0, 2), ["CCO version 2025.11.1", "Build: release"]);
  assert.match(lines[2]!, /^Runtime: deno \d+\.\d+\.\d+ \(linux-x86_64\)$/);
  assert.deepEqual(lines.slice(3), ["Last check: Never", ""]);
  await world.run("update --check");
  const after = (await world.run("version")).stdout.split("\n");
  assert.match(after[3]!, /^Last check: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/);
  assert.deepEqual(after.slice(4), [
    "Latest version: 2025.11.2 (stable)",
    "ℹ️  New version available: v2025.11.2",
    "",
  ]);
});

test("cco version says of a development build that it is one and what it allows", async () => {
  await using world = await TestWorld.make();
  const { stdout } = await world.run("version");
  assert.match(stdout, /^Build: development$/m);
  assert.match(stdout, /^Signatures: this build also installs unsigned releases$/m);
});

test("cco rollback goes back and says to which version", async () => {
  await using world = await signedWorld();
  await world.run("update --yes");
  world.build = { ...world.build, version: "2025.11.2" };
  const { code, stdout, stderr } = await world.run("rollback");
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  assert.match(stdout, /Rolled back to previous version 2025\.11\.1\n/);
  assert.equal(await readFile(world.executable, "utf8"), scriptOf("2025.11.1"));
});

const withoutBackup: [command: string, code: number, stderr: RegExp][] = [
  ["rollback", 5, /^No backup version available: there is no /],
  ["update --rollback", 5, /^No backup version available: there is no /],
  ["rollback --to 2025.10.1", 2, /^No backup of version 2025\.10\.1 available: there is no /],
];

for (const [command, code, expected] of withoutBackup) {
  test(`cco ${command} without a backup exits ${code}`, async () => {
    await using world = await TestWorld.make();
    const { stderr, ...answer } = await world.run(command);
    assert.deepEqual(answer, { code, stdout: "" });
    assert.match(stderr, expected);
  });
}

test("cco update without a terminal and without --yes exits 2 with a hint", async () => {
  await using world = await signedWorld();
  const { code, stdout, stderr } = await world.run("update");
  assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
  assert.match(stderr, /^Cannot ask for consent without a terminal\. Run 'cco update --yes'/);
});

test("cp of the backup restores the previous version by hand", async () => {
  await using world = await signedWorld();
  await world.run("update --yes");
  await copyFile(`${world.executable}.backup`, world.executable);
  assert.equal(await readFile(world.executable, "utf8"), scriptOf("2025.11.1"));
});
