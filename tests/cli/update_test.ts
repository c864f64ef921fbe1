/** `cco update` and `cco rollback` beyond the contract's blocks. */

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { Interrupted } from "../../src/cli/terminal.ts";
import { scriptOf, TestWorld } from "./world.ts";

async function worldWithUpdate(fields: Readonly<Record<string, unknown>> = {}): Promise<TestWorld> {
  const world = await TestWorld.make();
  await world.publish([{ version: "2025.11.2", fields }]);
  return world;
}

const answers: [typed: string | undefined, outcome: "updated" | "cancelled"][] = [
  ["", "updated"],
  ["y", "updated"],
  ["YES", "updated"],
  ["n", "cancelled"],
  ["No", "cancelled"],
  [undefined, "cancelled"],
];

for (const [typed, outcome] of answers) {
  test(`cco update is ${outcome} when a person answers ${JSON.stringify(typed)}`, async () => {
    await using world = await worldWithUpdate();
    world.sit();
    world.env["NO_COLOR"] = "1";
    world.typed = ["what?", typed];
    const { code, stdout } = await world.run("update");
    assert.equal(code, 0);
    assert.equal(stdout.split("Update now? [Y/n]: ").length, 3, "a wrong answer is asked again");
    assert.match(
      stdout,
      outcome === "updated" ? /✅ Successfully updated to v2025\.11\.2/ : /Update cancelled\n$/,
    );
    const now = outcome === "updated" ? "2025.11.2" : "2025.11.1";
    assert.equal(await readFile(world.executable, "utf8"), scriptOf(now));
  });
}

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

test("cco update --version takes a version as it is shown, with a v", async () => {
  await using world = await worldWithUpdate();
  assert.equal((await world.run("update --yes --version v2025.11.2")).code, 0);
  assert.equal(await readFile(world.executable, "utf8"), scriptOf("2025.11.2"));
});

test("Ctrl-C at the question exits 130 and changes nothing", async () => {
  await using world = await worldWithUpdate();
  world.sit();
  world.typed = [new Interrupted(130)];
  const { code, stderr } = await world.run("update");
  assert.equal(code, 130);
  assert.match(stderr, /Cancelled\. Nothing was changed/);
  assert.deepEqual(await world.installed(), ["cco"]);
});

test("Ctrl-C during the download exits 130 and leaves no stray file", async () => {
  await using world = await worldWithUpdate();
  const { fetch } = world.runtime;
  world.runtime = {
    ...world.runtime,
    fetch: (url, init) => {
      if (url.endsWith(".tar.gz")) world.interrupt();
      return fetch(url, init);
    },
  };
  const { code } = await world.run("update --yes");
  assert.equal(code, 130);
  assert.deepEqual(await world.installed(), ["cco"]);
  assert.equal(await readFile(world.executable, "utf8"), scriptOf("2025.11.1"));
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

test("cco update --list-backups lists what can be gone back to", async () => {
  await using world = await worldWithUpdate();
  assert.deepEqual(await world.run("update --list-backups"), {
    code: 0,
    stdout: "No backup version available\n",
    stderr: "",
  });
  await world.run("update --yes");
  const { stdout } = await world.run("update --list-backups");
  assert.match(stdout, /^2025\.11\.1 {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC {2}\d+ B {2}\S+cco\.backup\n$/);
});

async function worldWithThree(): Promise<TestWorld> {
  const world = await TestWorld.make("2025.11.2");
  const versions = ["2025.11.1", "2025.11.2", "2025.11.3"].map((version) => ({ version }));
  await world.publish(versions, { fields: { latest: { stable: "2025.11.3", beta: "2025.11.2" } } });
  return world;
}

const installs: [flags: string, version: string, available: string | null][] = [
  ["--version 2025.11.1 --allow-downgrade", "2025.11.1", "2025.11.3"],
  ["--version 2025.11.3", "2025.11.3", null],
  ["", "2025.11.3", null],
];

for (const [flags, version, available] of installs) {
  test(`cco version knows the channel's latest version after cco update --yes ${flags}`, async () => {
    await using world = await worldWithThree();
    assert.equal((await world.run(`update --yes ${flags}`)).code, 0);
    world.build = { ...world.build, version };
    const { document } = await world.json("version");
    assert.deepEqual(document["latest"], { version: "2025.11.3", channel: "stable" });
    assert.equal(document["available"], available);
  });
}

test("cco version speaks of the channel of the settings after an update from another one", async () => {
  await using world = await worldWithThree();
  world.build = { ...world.build, version: "2025.11.1" };
  await writeFile(world.executable, scriptOf("2025.11.1"), { mode: 0o755 });
  assert.equal((await world.run("update --yes --channel beta")).code, 0);
  world.build = { ...world.build, version: "2025.11.2" };
  const { stdout } = await world.run("version");
  assert.match(
    stdout,
    /\nLatest version: 2025\.11\.3 \(stable\)\nℹ️ {2}New version available: v2025\.11\.3\n$/,
  );
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

test("with --quiet the question names the version", async () => {
  await using world = await worldWithUpdate();
  world.sit();
  world.typed = ["n"];
  const { stdout } = await world.run("update --quiet");
  assert.equal(stdout, "Update to v2025.11.2 now? [Y/n]: Update cancelled\n");
});

test("cco rollback --to goes back to that version only", async () => {
  await using world = await worldWithUpdate();
  await world.run("update --yes");
  const wrong = await world.run("rollback --to 2024.1.1");
  assert.equal(wrong.code, 2);
  assert.match(
    wrong.stderr,
    /^No backup of version 2024\.1\.1 available: \S+cco\.backup is version 2025\.11\.1; /,
  );
  assert.equal((await world.run("update --rollback --to 2025.11.1")).code, 0);
  assert.equal(await readFile(world.executable, "utf8"), scriptOf("2025.11.1"));
});

test("updates.keep_backups keeps that many versions: each can be listed and gone back to", async () => {
  await using world = await worldWithUpdate();
  await world.writeConfig("[updates]\nkeep_backups = 3\n");
  const update = async (version: string) => {
    await world.publish([{ version }]);
    assert.equal((await world.run("update --yes")).code, 0);
    world.build = { ...world.build, version };
  };
  for (const version of ["2025.11.2", "2025.11.3", "2025.11.4", "2025.11.5"]) await update(version);
  assert.deepEqual(await world.installed(), [
    "cco",
    "cco.backup",
    "cco.backup.older-0002",
    "cco.backup.older-0003",
  ]);

  const { stdout } = await world.run("update --list-backups");
  const listed = stdout.trimEnd().split("\n").map((line) => line.replace(/ {2}.*\/(?=cco)/, " "));
  assert.deepEqual(listed, [
    "2025.11.4 cco.backup",
    "2025.11.3 cco.backup.older-0003",
    "2025.11.2 cco.backup.older-0002",
  ]);
  const { document } = await world.json("update --list-backups");
  assert.deepEqual((document["backups"] as { version: string }[]).map(({ version }) => version), [
    "2025.11.4",
    "2025.11.3",
    "2025.11.2",
  ]);

  const wrong = await world.run("rollback --to 2025.11.1");
  assert.equal(wrong.code, 2);
  assert.match(
    wrong.stderr,
    /^No backup of version 2025\.11\.1 available: .*cco\.backup\.older-0003 is version 2025\.11\.3/,
  );
  assert.match(
    (await world.run("rollback --to 2025.11.3")).stdout,
    /^✅ Rolled back to previous version 2025\.11\.3\nℹ️ {2}Newer backups are gone: 2025\.11\.4\n/,
  );
  assert.equal(await readFile(world.executable, "utf8"), scriptOf("2025.11.3"));
  assert.deepEqual(await world.installed(), ["cco", "cco.backup"]);

  await world.writeConfig("[updates]\nkeep_backups = 1\n");
  world.build = { ...world.build, version: "2025.11.3" };
  await update("2025.11.6");
  assert.deepEqual(await world.installed(), ["cco", "cco.backup"]);
});

test("a rollback while another process updates says so, although there is no backup yet", async () => {
  await using world = await worldWithUpdate();
  const { pid, processStart } = world.runtime;
  await writeFile(
    world.executable.replace(/cco$/, ".cco.update.json"),
    JSON.stringify({
      schema: 1,
      claim: "0123456789abcdef",
      pid,
      processStart: await processStart(pid),
      from: { version: "2025.11.1", sha256: "a".repeat(64) },
      to: { version: "2025.11.2", sha256: null },
      staged: ".cco.new-0123456789abcdef",
      displaced: null,
    }),
  );
  for (const command of ["rollback", "rollback --to 2025.11.1", "update --rollback"]) {
    const { code, stderr } = await world.run(command);
    assert.equal(code, 5);
    assert.match(stderr, /^Update already in progress: process \d+ is updating /);
  }
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

test("the times of the last check and the last update are remembered", async () => {
  await using world = await worldWithUpdate();
  await world.run("update --yes");
  for (const key of ["updates.last_check", "updates.last_update"]) {
    const { stdout } = await world.run(`config get ${key}`);
    assert.match(stdout, new RegExp(`^${key} = \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d UTC\n$`));
  }
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
