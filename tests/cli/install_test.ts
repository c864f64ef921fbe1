/** `cco install` and `cco uninstall`. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { promisify } from "node:util";
import fc from "fast-check";
import { addBlock, removeBlocks } from "../../src/cli/profile_block.ts";
import { posixLine } from "../../src/cli/profile_lines.ts";
import { scriptOf, TestWorld } from "./world.ts";

/** A world in which `cco` was downloaded and not installed yet. */
async function downloaded(): Promise<TestWorld> {
  const world = await TestWorld.make();
  const path = join(world.folder, "downloads");
  await mkdir(path);
  await writeFile(join(path, "cco"), scriptOf("2025.11.1"), { mode: 0o755 });
  world.runtime = { ...world.runtime, execPath: join(path, "cco") };
  world.env["HOME"] = join(world.folder, "fresh");
  await mkdir(world.env["HOME"]);
  world.env["SHELL"] = "/bin/bash";
  world.env["PATH"] = "/usr/bin:/bin";
  return world;
}

/** Every file below a folder with its text, and every folder. */
async function tree(folder: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    files[path.slice(folder.length + 1)] = entry.isDirectory() ? "folder" : await readFile(path, "utf8");
  }
  return files;
}

test("cco install copies the executable, sets PATH once, and says so", async () => {
  await using world = await downloaded();
  const home = world.env["HOME"]!;
  await writeFile(join(home, ".bashrc"), "alias x=y\n");
  const { code, stdout } = await world.run("install");
  assert.equal(code, 0);
  assert.match(
    stdout,
    /^✅ Installed \S+\/fresh\/\.local\/bin\/cco\n→ PATH is set in \S+\.bashrc\n→ PATH is set in \S+\.profile\n/,
  );
  const target = join(home, ".local/bin/cco");
  assert.equal(await readFile(target, "utf8"), scriptOf("2025.11.1"));
  assert.equal((await stat(target)).mode & 0o777, 0o755);
  const before = await tree(home);
  const again = await world.run("install");
  assert.equal(again.code, 0);
  assert.match(again.stdout, /^✅ Already installed: /);
  assert.deepEqual(await tree(home), before);
});

test("cco install leaves start-up files alone when the folder is on PATH", async () => {
  await using world = await downloaded();
  world.env["PATH"] = `/bin:${join(world.env["HOME"]!, ".local/bin")}`;
  await world.run("install");
  const files = Object.entries(await tree(world.env["HOME"]!)).filter(([, text]) => text !== "folder");
  assert.deepEqual(files.map(([path]) => path).sort(), [".local/bin/cco", ".local/state/cco/install.json"]);
});

test("cco install does not replace another file without --force", async () => {
  await using world = await downloaded();
  const target = join(world.env["HOME"]!, ".local/bin/cco");
  await mkdir(join(world.env["HOME"]!, ".local/bin"), { recursive: true });
  await writeFile(target, "precious");
  const { code, stderr } = await world.run("install");
  assert.equal(code, 1);
  assert.match(stderr, /^Cannot install: there is another .*--force/);
  assert.equal(await readFile(target, "utf8"), "precious");
  assert.equal((await world.run("install --force")).code, 0);
  assert.equal(await readFile(target, "utf8"), scriptOf("2025.11.1"));
});

test("cco install refuses to install Deno", async () => {
  await using world = await downloaded();
  world.runtime = { ...world.runtime, execPath: "/usr/local/bin/deno" };
  const { code, stderr } = await world.run("install");
  assert.equal(code, 1);
  assert.match(stderr, /runs from source\. Compile it first/);
});

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

test("removeBlocks() undoes addBlock() for any text, and addBlock() adds once", () => {
  fc.assert(
    fc.property(
      fc.option(fc.string({ unit: fc.constantFrom("a", "\n", "#", " ", "\r") }), { nil: undefined }),
      (text) => {
        const added = addBlock(text, "line");
        assert.equal(addBlock(added, "line"), added);
        assert.equal(removeBlocks(added, "line"), text);
      },
    ),
  );
  assert.equal(removeBlocks(addBlock("a", "line") + "later\n", "line"), "a\nlater\n");
});

const path = posixLine("$HOME/.local/bin");
const [begin, end] = ["# >>> cco path >>>", "# <<< cco path <<<"];
const elsewhere = posixLine("$HOME/go/bin");

const damaged: [what: string, before: string[], after: string[]][] = [
  ["the end mark is gone", ["a", begin, path, "mine"], ["a", "mine"]],
  ["the first mark is gone", ["a", path, end, "mine"], ["a", "mine"]],
  ["both marks are gone", ["a", path, "mine"], ["a", path, "mine"]],
  ["the line is gone", ["a", begin, end, "mine"], ["a", "mine"]],
  ["own lines between the marks", ["a", begin, path, "mine", end, "b"], ["a", "mine", "b"]],
  [
    "own lines between the remains and a second block",
    ["a", begin, path, "one", "two", begin, path, end, "three"],
    ["a", "one", "two", "three"],
  ],
  ["two blocks", [begin, path, end, "mine", begin, path, end], ["mine"]],
  ["a block of an earlier home", ["a", begin, posixLine("/old/.local/bin"), end, "b"], ["a", "b"]],
  ["an own line of the same form after the remains", [begin, path, elsewhere], [elsewhere]],
  ["an own line of the same form where ours was", [begin, elsewhere, "mine"], [elsewhere, "mine"]],
  ["marks with other ends", ["a\r", `${begin}\r`, `${path}\r`, `${end} \r`, "b\r"], ["a\r", "b\r"]],
];

for (const [what, before, after] of damaged) {
  test(`removeBlocks() removes no line of the person's: ${what}`, () => {
    const [text, rest] = [before, after].map((lines) => lines.map((line) => `${line}\n`).join(""));
    assert.equal(removeBlocks(text!, path), rest);
    assert.equal(removeBlocks(addBlock(text!, path), path), rest);
  });
}

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

test("cco doctor says right after cco install to open a new terminal, and without it to run it", async () => {
  await using world = await downloaded();
  const path = async () => {
    const { document } = await world.json("doctor");
    return (document["findings"] as { name: string; status: string; mend?: string }[])
      .flatMap(({ name, status, mend }) => name === "PATH" ? [status, mend] : []);
  };
  assert.deepEqual(await path(), ["problem", "Run: cco install"]);
  await world.run("install");
  assert.deepEqual(await path(), ["note", "Open a new terminal"]);
  world.env["PATH"] += `:${join(world.env["HOME"]!, ".local/bin")}`;
  world.runtime = { ...world.runtime, execPath: join(world.env["HOME"]!, ".local/bin/cco") };
  assert.equal((await path())[0], "ok");
});

test("cco install says of a folder in its place what to do, with --force and without", async () => {
  await using world = await downloaded();
  await mkdir(join(world.env["HOME"]!, ".local/bin/cco"), { recursive: true });
  for (const command of ["install", "install --force"]) {
    const { code, stderr } = await world.run(command);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^Cannot install: \S+\/bin\/cco is no file\. Move it away, then run 'cco install' again\n$/,
    );
  }
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
    if (await stat(path).catch(() => undefined) === undefined) return t.skip(`there is no ${path}`);
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
