/** `cco update` beyond the contract's blocks. */

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { worldWithUpdate } from "./update_world.ts";
import { scriptOf, TestWorld } from "./world.ts";

test("an executable under another name updates itself, also where the manifest names no program", async () => {
  await using world = await TestWorld.make();
  await world.publish([{ version: "2025.11.2" }], { fields: { app: undefined } });
  const execPath = `${world.executable}-2025.11`;
  await writeFile(execPath, scriptOf("2025.11.1"), { mode: 0o755 });
  world.runtime = { ...world.runtime, execPath };
  const { code, stderr } = await world.run("update --yes");
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  assert.equal(await readFile(execPath, "utf8"), scriptOf("2025.11.2"));
});

test("a rollout holds an unattended run back, and lets a person who asks go first, saying so", async () => {
  await using world = await worldWithUpdate({ rollout: { percent: 0 } });
  const unattended = await world.run("update --yes");
  assert.equal(unattended.code, 0);
  assert.match(unattended.stdout, /ℹ️ {2}Version v2025\.11\.2 is not offered to this machine: .*0\.00 %/);
  assert.doesNotMatch(unattended.stdout, /New version available/);
  world.sit();
  world.env["NO_COLOR"] = "1";
  const { stdout } = await world.run("update --check");
  assert.match(stdout, /ℹ️ {2}Offered early because you asked: .*0\.00 %/);
  assert.match(stdout, /New version available: v2025\.11\.2/);
});

test("updates.minimum_age and updates.pin hold an unattended run back", async () => {
  await using world = await worldWithUpdate({ date: new Date().toISOString() });
  await world.writeConfig('[updates]\nminimum_age = "7d"\n');
  assert.match(
    (await world.run("update --check")).stdout,
    /not offered to this machine: it is not yet old enough/,
  );
  await world.writeConfig('[updates]\npin = "~2025.10"\n');
  assert.match((await world.run("update --check")).stdout, /outside the pinned range ~2025\.10/);
});

test("--quiet leaves the answer and takes the steps away", async () => {
  await using world = await worldWithUpdate({ notes: "- news" });
  assert.equal((await world.run("update --check --quiet")).stdout, "ℹ️  New version available: v2025.11.2\n");
  assert.equal((await world.run("update --yes --quiet")).stdout, "✅ Successfully updated to v2025.11.2\n");
});

test("--verbose tells the rules and the source on standard error", async () => {
  await using world = await worldWithUpdate();
  const { stderr } = await world.run("update --check --verbose");
  assert.match(stderr, /manifest: http:\/\/127\.0\.0\.1:\d+\/version-manifest\.json, not signed\n/);
  assert.match(stderr, /yes: newer: 2025\.11\.2: /);
});

test("a read-only state folder and a damaged state stop nothing", async () => {
  await using world = await worldWithUpdate();
  await world.writeState({ last_check: "never" });
  const { code, stderr } = await world.run("update --check");
  assert.equal(code, 0);
  assert.match(stderr, /was damaged; it was put aside/);
  assert.match((await world.run("version")).stdout, /^Last check: \d{4}/m);
});

test("release notes are shown for reading: ten lines, no escapes, no Markdown marks", async () => {
  const notes = ["# News", "", "* **Fix**: \x1b[2Jscreen", "- see [docs](https://x.example)"];
  for (let line = 1; line <= 12; line++) notes.push(`- line ${line}`);
  await using world = await worldWithUpdate({ notes: notes.join("\r\n") });
  const { stdout } = await world.run("update --dry-run");
  assert.match(
    stdout,
    /What's new in v2025\.11\.2:\n {2}News\n {2}- Fix: screen\n {2}- see docs \(https:\/\/x\.example\)\n {2}- line 1\n/,
  );
  assert.match(stdout, / {2}- line 7\n {2}… and 5 more lines\n/);
  assert(!stdout.includes("\x1b"));
});

test("an update goes on after an interrupted one and says so", async () => {
  await using world = await worldWithUpdate();
  const record = world.executable.replace(/cco$/, ".cco.update.json");
  await writeFile(record, "torn");
  const { code, stderr } = await world.run("update --yes");
  assert.equal(code, 0);
  assert.match(stderr, /ℹ️ {2}An interrupted update was found: /);
  assert.deepEqual(await world.installed(), ["cco", "cco.backup"]);
});

test("why the installed version was withdrawn is said, in words that cannot steer a terminal (T30)", async () => {
  await using world = await TestWorld.make();
  const yanked = "it loses\x1b[2J\r\nsettings";
  await world.publish([{ version: "2025.11.1", fields: { yanked } }, { version: "2025.11.0" }]);
  const { stdout } = await world.run("update --check");
  assert.match(
    stdout,
    /^⚠️ {2}The installed version 2025\.11\.1 was withdrawn by its publisher: it loses settings$/m,
  );
  assert(!stdout.includes("\x1b"));
  const { document } = await world.json("update --check");
  const { reason, withdrawn } = document["update"] as Record<string, unknown>;
  assert.deepEqual({ reason, withdrawn }, { reason: "yanked", withdrawn: yanked });
});
