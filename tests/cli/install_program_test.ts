/** `cco install`. */

import assert from "node:assert/strict";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { downloaded, tree } from "./downloaded.ts";
import { scriptOf } from "./world.ts";

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
