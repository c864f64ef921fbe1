/** What is on the screen: help, colour, the bar, notes, the notice. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Command } from "../../src/cli/command.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { helpLines } from "../../src/cli/help.ts";
import { noteLines } from "../../src/cli/notes.ts";
import { barLine } from "../../src/cli/progress_bar.ts";
import { formatBytes, formatTime } from "../../src/cli/times.ts";
import type { Progress } from "../../mod.ts";
import { TestWorld } from "./world.ts";

/** Every command with those it is below of. */
function allPaths(path: readonly Command[] = [COMMANDS]): (readonly Command[])[] {
  const below = (path.at(-1)!.commands ?? []).flatMap((command) => allPaths([...path, command]));
  return [path, ...below];
}

for (const width of [40, 60, 80, 100, 199]) {
  test(`the help of every command fits ${width} columns`, () => {
    for (const path of allPaths()) {
      for (const line of helpLines(path, width)) {
        const isExample = line.startsWith("  cco ");
        const fits = line.length <= width || isExample || !line.trim().includes(" ");
        assert(fits, `${path.map(({ name }) => name).join(" ")}: ${line}`);
      }
    }
  });
}

test("cco, cco help, cco help update and cco update --help show help and exit 0", async () => {
  await using world = await TestWorld.make();
  for (
    const [command, first] of [["", "cco COMMAND"], ["help", "cco COMMAND"], ["help update", "cco update"]]
  ) {
    const { code, stdout } = await world.run(command!);
    assert.equal(code, 0);
    assert(stdout.startsWith(`Usage: ${first} [flags]\n`), stdout);
  }
  assert.equal((await world.run("help update")).stdout, (await world.run("update --help")).stdout);
  assert.match((await world.run("update --help")).stdout, /\nExamples:\n {2}cco update --check\n/);
});

const undecorated: [name: string, change: (world: TestWorld) => void, flags: string][] = [
  ["in a pipe", (world) => world.terminals.clear(), ""],
  ["with NO_COLOR", (world) => world.env["NO_COLOR"] = "1", ""],
  ["with TERM=dumb", (world) => world.env["TERM"] = "dumb", ""],
  ["with --quiet", () => {}, " --quiet"],
  ["with --json", () => {}, " --json"],
];

test("colour is welcome on a terminal", async () => {
  await using world = await TestWorld.make();
  world.sit();
  const { stdout } = await world.run("config set updates.enabled false");
  assert.equal(stdout, "\u001b[32m✅ Configuration updated: updates.enabled = false\u001b[0m\n");
});

for (const [name, change, flags] of undecorated) {
  test(`there is no colour and no bar ${name}`, async () => {
    await using world = await TestWorld.make();
    await world.publish([{ version: "2025.11.2" }]);
    world.sit();
    change(world);
    const { stdout, stderr } = await world.run(`update --yes${flags}`);
    assert(!(stdout + stderr).includes("\u001b"), stdout + stderr);
    assert(!(stdout + stderr).includes("\r"));
  });
}

test("the bar is drawn on standard error and gone in the end; standard output keeps its lines", async () => {
  await using world = await TestWorld.make();
  await world.publish([{ version: "2025.11.2" }]);
  world.sit();
  world.terminals.delete("stdout");
  const { stdout, stderr } = await world.run("update --yes");
  assert(stderr.startsWith("\r\u001b[K"), JSON.stringify(stderr));
  assert(stderr.endsWith("\r\u001b[K"));
  assert.match(stderr, / %/);
  assert.match(stdout, /^→ Downloading CCO v2025\.11\.2\.\.\.\n→ Verifying checksum\.\.\.$/m);
});

const bars: [name: string, progress: Partial<Progress>, columns: number, line: string][] = [
  [
    "halfway",
    { receivedBytes: 18_800_000, totalBytes: 37_600_000, bytesPerSecond: 1_880_000 },
    100,
    "  [====================>                   ]   50 %  18.8 MB of 37.6 MB  1.9 MB/s  10s",
  ],
  [
    "resumed, where the speed is that of this run",
    { receivedBytes: 30_000_000, totalBytes: 37_600_000, bytesPerSecond: 100_000 },
    80,
    "  [==================>     ]   79 %  30.0 MB of 37.6 MB  100.0 kB/s  1m 16s",
  ],
  [
    "without a speed yet",
    { receivedBytes: 0, totalBytes: 1000 },
    60,
    "  [>                       ]    0 %  0 B of 1.0 kB",
  ],
  [
    "of unknown size",
    { receivedBytes: 5_000_000, totalBytes: undefined, bytesPerSecond: 2e6 },
    80,
    "5.0 MB  2.0 MB/s",
  ],
];

for (const [name, progress, columns, line] of bars) {
  test(`barLine() shows a download ${name}`, () => {
    const whole: Progress = {
      phase: "downloading",
      receivedBytes: 0,
      totalBytes: 1,
      bytesPerSecond: 0,
      ...progress,
    };
    const drawn = barLine(whole, columns);
    assert.equal(drawn.replace(/^ {2}\[=*>? *\]/, "BAR"), line.replace(/^ {2}\[=*>? *\]/, "BAR"));
    assert.equal(drawn.includes("["), line.includes("["));
  });
}

test("barLine() fits every width and never goes beyond 100 %", () => {
  for (let columns = 20; columns <= 200; columns++) {
    for (const receivedBytes of [0, 1, 18_800_000, 37_600_000, 99_000_000]) {
      const line = barLine(
        { phase: "downloading", receivedBytes, totalBytes: 37_600_000, bytesPerSecond: 123_456 },
        columns,
      );
      assert(line.length < columns, `${columns}: ${line}`);
      assert.doesNotMatch(line, /10[1-9] %/);
    }
  }
});

test("noteLines() folds long lines under their bullet", () => {
  const lines = noteLines("- one two three four five six seven", undefined, 24);
  assert.deepEqual(lines, ["- one two three four", "  five six seven"]);
  assert.deepEqual(noteLines(undefined, "https://x.example/notes", 80), ["https://x.example/notes"]);
  assert.deepEqual(noteLines(undefined, undefined, 80), []);
});

test("noteLines() shows Markdown as text, without what is only a mark", () => {
  const notes = `<!-- made by a machine -->
## What's Changed
* **Fix**: \`cco\` says *why* by @somebody in https://a.example/pull/1
  * see [the notes](https://a.example/notes)
---
\`\`\`sh
cco update --check # as it is
\`\`\`
![a picture](https://a.example/p.png)
<!-- never closed
* hidden`;
  assert.deepEqual(noteLines(notes, undefined, 80), [
    "What's Changed",
    "- Fix: cco says *why* by @somebody in https://a.example/pull/1",
    "  - see the notes (https://a.example/notes)",
    "cco update --check # as it is",
    "a picture (https://a.example/p.png)",
  ]);
});

test("times and sizes are written in one way", () => {
  assert.equal(formatTime(Date.parse("2025-11-17T14:32:15.999Z")), "2025-11-17 14:32:15 UTC");
  assert.equal(formatTime(undefined), "Never");
  assert.deepEqual([0, 999, 1000, 37_635_096, 999_950_000, 5e12].map(formatBytes), [
    "0 B",
    "999 B",
    "1.0 kB",
    "37.6 MB",
    "1.0 GB",
    "5000.0 GB",
  ]);
});

/** A world that knows of a newer version. */
async function worldWithNews(): Promise<TestWorld> {
  const world = await TestWorld.make();
  const found = { latest: "2025.11.2", channel: "stable", current: "2025.11.1", offered: "2025.11.2" };
  await world.writeState({ last_check: "2025-11-17T14:32:15Z", found });
  world.sit();
  return world;
}

test("the notice is one line on standard error, once a day", async () => {
  await using world = await worldWithNews();
  const first = await world.run("config get updates.channel");
  assert.equal(
    first.stderr,
    "\u001b[36mℹ️  New version available: v2025.11.2. Run 'cco update' to install\u001b[0m\n",
  );
  assert.equal(first.stdout, "updates.channel = stable\n");
  assert.equal((await world.run("config get updates.channel")).stderr, "");
  const { now } = world.runtime;
  world.runtime = { ...world.runtime, now: () => now() + 25 * 3_600_000 };
  assert.match((await world.run("config get updates.channel")).stderr, /New version available/);
});

for (const [name, value] of [["NO_COLOR", "1"], ["TERM", "dumb"]] as const) {
  test(`the notice comes without colour where ${name} is ${value}`, async () => {
    await using world = await worldWithNews();
    world.env[name] = value;
    const { stderr } = await world.run("config get updates.channel");
    assert.equal(stderr, "ℹ️  New version available: v2025.11.2. Run 'cco update' to install\n");
  });
}

const silences: [name: string, change: (world: TestWorld) => unknown, command?: string][] = [
  ["in CI", (world) => world.env["CI"] = "true"],
  ["when standard output is a pipe", (world) => world.terminals.delete("stdout")],
  ["when standard error is a pipe", (world) => world.terminals.delete("stderr")],
  ["with --json", () => {}, "config get updates.channel --json"],
  ["with --quiet", () => {}, "config get updates.channel --quiet"],
  ["when notify_on_update is false", (world) => world.writeConfig("[updates]\nnotify_on_update = false\n")],
  [
    "when another version was installed since",
    (world) => world.build = { ...world.build, version: "2025.11.2" },
  ],
  ["after cco version, which says it itself", () => {}, "version"],
];

for (const [name, change, command = "config get updates.channel"] of silences) {
  test(`there is no notice ${name}`, async () => {
    await using world = await worldWithNews();
    await change(world);
    assert.equal((await world.run(command)).stderr, "");
  });
}
