/** Sessions in a real pseudo-terminal, made by util-linux's `script`: widths, colour, questions, Ctrl-C. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { scriptOf, TestWorld } from "./world.ts";

const SCRIPT = "/usr/bin/script";
const hasScript = await stat(SCRIPT).then(() => true, () => false);
const skip = hasScript ? false : `there is no ${SCRIPT}`;

/** What is typed once a text has appeared. */
type Typing = readonly (readonly [appears: string, typed: string])[];

/** Runs `cco` from source in a terminal of a width, as the executable of a world. */
async function session(
  world: TestWorld,
  words: string,
  { columns = 80, env = {}, typing = [] as Typing } = {},
): Promise<{ code: number; screen: string }> {
  const entry = join(world.folder, "entry.ts");
  const root = new URL("../../", import.meta.url);
  await writeFile(
    entry,
    `import { runCli } from "${new URL("src/cli/run_cli.ts", root)}";
import { openConsole } from "${new URL("src/cli/console.ts", root)}";
import { systemRuntime } from "${new URL("machine.ts", root)}";
const runtime = { ...systemRuntime(), os: "linux", arch: "x86_64", libc: "gnu", execPath: ${
      JSON.stringify(world.executable)
    } };
Deno.exit(await runCli({ build: ${JSON.stringify(world.build)}, runtime, terminal: openConsole() }));
`,
  );
  const config = fileURLToPath(new URL("deno.json", root));
  const command = `stty cols ${columns} rows 24; exec '${process.execPath}' run -A --no-check --quiet ` +
    `--config '${config}' '${entry}' ${words}`;
  const child = spawn(SCRIPT, ["-qefc", command, "/dev/null"], {
    env: {
      PATH: process.env["PATH"],
      HOME: world.home,
      TERM: "xterm-256color",
      SHELL: "/bin/sh",
      ...denoEnv(),
      ...env,
    },
  });
  let screen = "";
  let next = 0;
  child.stdout.on("data", (bytes: Uint8Array) => {
    screen += new TextDecoder().decode(bytes);
    const step = typing[next];
    if (step === undefined || !screen.includes(step[0])) return;
    next++;
    child.stdin.write(step[1]);
  });
  const code = await new Promise<number>((resolve) =>
    child.on("close", (exitCode) => resolve(exitCode ?? -1))
  );
  assert.equal(next, typing.length, `not all was typed; the screen was ${JSON.stringify(screen)}`);
  return { code, screen: screen.replaceAll("\r\n", "\n") };
}

/** Deno's own settings are the machine's, not the world's. */
function denoEnv(): Record<string, string> {
  const folder = process.env["DENO_DIR"] ?? join(process.env["HOME"] ?? "/root", ".cache/deno");
  return { DENO_DIR: folder, DENO_NO_UPDATE_CHECK: "1" };
}

async function worldWithUpdate(): Promise<TestWorld> {
  const world = await TestWorld.make();
  await world.publish([{ version: "2025.11.2", fields: { notes: `- ${"word ".repeat(60)}` } }]);
  return world;
}

test("a person is asked, answers, and has the new version", { skip }, async () => {
  await using world = await worldWithUpdate();
  const { code, screen } = await session(world, "update", { typing: [["Update now? [Y/n]: ", "\n"]] });
  assert.equal(code, 0, screen);
  assert.match(screen, /Update now\? \[Y\/n\]: \n/);
  assert.match(screen, /✅ Successfully updated to v2025\.11\.2/);
  assert.equal(await readFile(world.executable, "utf8"), scriptOf("2025.11.2"));
});

test("Ctrl-C at the question exits 130 and changes nothing", { skip }, async () => {
  await using world = await worldWithUpdate();
  const { code, screen } = await session(world, "update", { typing: [["Update now? [Y/n]: ", "\x03"]] });
  assert.equal(code, 130, screen);
  assert.match(screen, /Cancelled\. Nothing was changed/);
  assert.deepEqual(await world.installed(), ["cco"]);
});

test("Ctrl-D at the question cancels", { skip }, async () => {
  await using world = await worldWithUpdate();
  const { code, screen } = await session(world, "update", { typing: [["Update now? [Y/n]: ", "\x04"]] });
  assert.equal(code, 0, screen);
  assert.match(screen, /Update cancelled/);
});

for (const columns of [40, 80, 120, 200]) {
  test(`everything that is said fits a terminal of ${columns} columns`, { skip }, async () => {
    await using world = await worldWithUpdate();
    for (const words of ["--help", "update --help", "config --help", "update --yes"]) {
      const { screen } = await session(world, words, { columns });
      // deno-lint-ignore no-control-regex
      const lines = screen.replace(/\x1b\[[0-9;]*[mK]/g, "").split(/[\n\r]/);
      const long = lines.filter((line) => line.length > columns && !line.startsWith("  cco "));
      assert.deepEqual(long, [], words);
    }
  });
}

const plain: [name: string, env: Record<string, string>][] = [
  ["NO_COLOR", { NO_COLOR: "1" }],
  ["TERM=dumb", { TERM: "dumb" }],
];

for (const [name, env] of plain) {
  test(`a terminal with ${name} gets no escape sequence`, { skip }, async () => {
    await using world = await worldWithUpdate();
    const { code, screen } = await session(world, "update --yes", { env });
    assert.equal(code, 0, screen);
    assert(!screen.includes("\x1b"), JSON.stringify(screen));
  });
}

test("a reader that goes away early is no failure", async () => {
  await using world = await worldWithUpdate();
  const folder = await mkdtemp(join(tmpdir(), "cco-pipe-"));
  try {
    const entry = fileURLToPath(new URL("../../cli.ts", import.meta.url));
    const command =
      `'${process.execPath}' run -A --no-check '${entry}' config show --effective; echo "$?" >'${folder}/code'`;
    const child = spawn("/bin/bash", ["-c", `(${command}) | head -1`], {
      env: { PATH: process.env["PATH"], HOME: world.home, ...denoEnv() },
    });
    let stderr = "";
    child.stderr.on("data", (bytes: Uint8Array) => stderr += new TextDecoder().decode(bytes));
    await new Promise((resolve) => child.on("close", resolve));
    assert.equal(stderr, "");
    assert.equal(await readFile(join(folder, "code"), "utf8"), "0\n");
  } finally {
    await rm(folder, { recursive: true });
  }
});
