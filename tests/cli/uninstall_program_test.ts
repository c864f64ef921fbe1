/** `cco uninstall`. */

import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { downloaded, tree } from "./downloaded.ts";
import { scriptOf, TestWorld } from "./world.ts";

const homes: [name: string, files: Record<string, string>, shell: string][] = [
  ["bash with files", { ".bashrc": "a\n", ".profile": "b\n" }, "/bin/bash"],
  ["a file without a line end", { ".bashrc": "a\nb" }, "/bin/bash"],
  ["an empty file", { ".zshrc": "" }, "/usr/bin/zsh"],
  ["no file at all", {}, "/usr/bin/zsh"],
  ["fish", {}, "/usr/bin/fish"],
  [
    "several shells",
    { ".bashrc": "a\r\n", ".zshrc": "b", ".config/powershell/profile.ps1": "c\n" },
    "/bin/bash",
  ],
  ["an unknown shell", {}, "/bin/nu"],
  ["folders that were there and hold nothing", { ".local/bin/": "", ".config/fish/": "" }, "/usr/bin/fish"],
];

for (const [name, files, shell] of homes) {
  test(`cco uninstall undoes exactly what cco install did: ${name}`, async () => {
    await using world = await downloaded();
    const home = world.env["HOME"]!;
    world.env["SHELL"] = shell;
    for (const [file, text] of Object.entries(files)) {
      await mkdir(join(home, file, file.endsWith("/") ? "." : ".."), { recursive: true });
      if (!file.endsWith("/")) await writeFile(join(home, file), text);
    }
    const before = await tree(home);
    await world.run("install");
    assert.notDeepEqual(await tree(home), before);
    const { code, stdout } = await world.run("uninstall");
    assert.equal(code, 0);
    assert.match(stdout, /✅ Uninstalled\n/);
    assert.deepEqual(await tree(home), before);
    assert.match((await world.run("uninstall")).stdout, /^✅ Nothing to uninstall/);
  });
}

test("cco uninstall removes the backup, keeps settings and state, and says where they are", async () => {
  await using world = await TestWorld.make();
  await world.publish([{ version: "2025.11.2" }]);
  await world.writeConfig("# mine\n");
  await world.run("update --yes");
  const { stdout } = await world.run("uninstall");
  assert.match(stdout, /→ Removed \S+\/cco\n→ Removed \S+\/cco\.backup\n/);
  assert.match(stdout, /Kept: \S+config\.toml\nKept: \S+\/state\/cco\n$/);
  assert.deepEqual(await world.installed(), []);
  assert.equal(await world.readConfig(), "# mine\n");
});

test("cco uninstall leaves another program of that name alone, and goes on with what is cco's", async () => {
  await using world = await downloaded();
  const target = join(world.env["HOME"]!, ".local/bin/cco");
  await mkdir(join(world.env["HOME"]!, ".local/bin"), { recursive: true });
  const others: [what: string, text: string][] = [
    ["another program", "#!/bin/sh\necho other 1.0\n"],
    ["one that says more", '#!/bin/sh\necho "cco 1.0.0 (not that one)"\n'],
    ["no program", "precious"],
  ];
  for (const [what, text] of others) {
    await writeFile(target, text, { mode: 0o755 });
    const { code, stdout, stderr } = await world.run("uninstall");
    assert.deepEqual([code, stdout], [1, ""], what);
    assert.match(stderr, /^Cannot uninstall \S+\/cco: it is not cco\. Remove it by hand/);
    assert.equal(await readFile(target, "utf8"), text);
  }
  // A version that was installed by an update is not the one that runs.
  await writeFile(target, scriptOf("2025.12.1"), { mode: 0o755 });
  assert.equal((await world.run("uninstall")).code, 0);
});

test("cco uninstall removes every backup and what an interrupted update has left, and nothing else", async () => {
  await using world = await TestWorld.make();
  const names = ["cco.backup", "cco.backup.older-0001", ".cco.new-0123456789abcdef", ".cco.update.json"];
  const others = ["cco.backup-mine", "cco.backup.2024", "ccoo", ".ccorc"];
  for (const name of [...names, ...others]) await writeFile(join(world.executable, "..", name), name);
  const { code, stdout } = await world.run("uninstall");
  assert.equal(code, 0);
  assert.match(stdout, /\nKept: \S+\/cco\.backup\.2024\n/);
  assert.deepEqual(await world.installed(), others.sort());
});

test("cco uninstall does not take the file away from under a service that runs", async () => {
  await using world = await TestWorld.make();
  const record = {
    pid: process.pid,
    processStart: await world.runtime.processStart(process.pid),
    version: "2025.11.1",
    host: "127.0.0.1",
    port: 3000,
    startedAt: Date.parse("2025-11-17T14:32:15Z"),
  };
  await world.writeState({});
  await writeFile(join(world.stateFile, "../service.json"), JSON.stringify(record), { mode: 0o600 });
  const { code, stderr } = await world.run("uninstall");
  assert.match(
    stderr,
    /^Cannot uninstall: the daemon is running \(PID: \d+\)\. Run 'cco daemon stop' first\n$/,
  );
  assert.equal(code, 1);
  assert.deepEqual(await world.installed(), ["cco"]);
});
