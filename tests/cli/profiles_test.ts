/** What `cco install` and `cco uninstall` do to the start-up files of shells. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { posixLine } from "../../src/cli/profile_lines.ts";
import { downloaded, tree } from "./downloaded.ts";
import { scriptOf } from "./world.ts";
import { leaveOut } from "../support/skipped.ts";

test("a linked start-up file stays a link", async () => {
  await using world = await downloaded();
  const home = world.env["HOME"]!;
  await writeFile(join(world.folder, "dotfile"), "a\n");
  await symlink(join(world.folder, "dotfile"), join(home, ".bashrc"));
  await world.run("install");
  assert.match(await readFile(join(world.folder, "dotfile"), "utf8"), /^a\n# >>> cco path >>>\n/);
  await world.run("uninstall");
  assert.equal(await readFile(join(world.folder, "dotfile"), "utf8"), "a\n");
});

const path = posixLine("$HOME/.local/bin");

const end = "# <<< cco path <<<";

test("own lines after a block whose end mark is gone survive cco install and cco uninstall", async () => {
  await using world = await downloaded();
  const file = join(world.env["HOME"]!, ".bashrc");
  await writeFile(file, "alias x=y\n");
  await world.run("install");
  const text = await readFile(file, "utf8");
  await writeFile(file, text.replace(`${end}\n`, "") + "export MINE=1\n");
  await world.run("install");
  assert.equal((await readFile(file, "utf8")).split("# >>> cco path").length, 2);
  await world.run("uninstall");
  assert.equal(await readFile(file, "utf8"), "alias x=y\nexport MINE=1\n");
});

test("cco install serves fish where bash is the person's shell, and asks ZDOTDIR and XDG_CONFIG_HOME", async () => {
  await using world = await downloaded();
  const home = world.env["HOME"]!;
  const before = ["settings/fish/config.fish", "zsh/.zshrc"];
  for (const name of before) {
    await mkdir(join(home, name, ".."), { recursive: true });
    await writeFile(join(home, name), "a\n");
  }
  world.env["XDG_CONFIG_HOME"] = join(home, "settings");
  world.env["ZDOTDIR"] = join(home, "zsh");
  const all = await tree(home);
  const { document } = await world.json("install");
  assert.deepEqual(
    (document["profiles"] as string[]).map((path) => path.slice(home.length + 1)),
    [".bashrc", ".profile", "zsh/.zshrc", "settings/fish/conf.d/cco.fish"],
  );
  await world.run("uninstall");
  assert.deepEqual(await tree(home), all);
});

test("cco install names the line to add by hand where a start-up file cannot be written", async () => {
  await using world = await downloaded();
  const { fs } = world.runtime;
  const open: typeof fs.open = (path, options) =>
    path.includes("/.bashrc")
      ? Promise.reject(new Error(`Cannot open ${path}: read-only file system`))
      : fs.open(path, options);
  world.runtime = { ...world.runtime, fs: { ...fs, open } };
  const { code, document } = await world.json("install");
  const { error } = document as { error: { code: string; message: string } };
  assert.deepEqual([code, error.code], [1, "INSTALL"]);
  assert.match(
    error.message,
    /^Cannot set PATH in \S+\.bashrc: .*read-only file system\. Make \S+ and its folder/,
  );
  assert(error.message.endsWith(`add this line yourself: ${path}`), error.message);
  assert.equal(await readFile(join(world.env["HOME"]!, ".local/bin/cco"), "utf8"), scriptOf("2025.11.1"));
});

const shells: [shell: string, file: string, args: string[]][] = [
  ["bash", ".bashrc", ["-ic", "command -v cco; echo $PATH"]],
  ["zsh", ".zshrc", ["-ic", "command -v cco; echo $PATH"]],
  ["fish", ".config/fish/conf.d/cco.fish", ["-c", "command -v cco; echo $PATH"]],
];

for (const [shell, file, args] of shells) {
  test(`a new ${shell} finds the installed cco, with the folder on PATH once`, async (t) => {
    const path = `/usr/bin/${shell}`;
    if (await stat(path).catch(() => undefined) === undefined) return leaveOut(t, `there is no ${path}`);
    await using world = await downloaded();
    const home = world.env["HOME"]!;
    world.env["SHELL"] = path;
    await world.run("install");
    assert.match(await readFile(join(home, file), "utf8"), /# >>> cco path, in a new file >>>/);
    const env = { HOME: home, PATH: "/usr/bin:/bin", TERM: "dumb" };
    const { stdout } = await promisify(execFile)(path, args, { env });
    const [found, folders = ""] = stdout.trim().split("\n");
    assert.equal(found, join(home, ".local/bin/cco"));
    assert.equal(folders.split(/[: ]/).filter((folder) => folder === join(home, ".local/bin")).length, 1);
  });
}
