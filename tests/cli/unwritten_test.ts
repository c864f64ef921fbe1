/** What cannot be written: a full disk behind standard output or standard error. */

import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { scriptOf, TestWorld } from "./world.ts";
import { leaveOut } from "../support/skipped.ts";

const FULL = "No space left on device (os error 28)";
const LINE = `Cannot write to standard output: ${FULL}`;

function fill(world: TestWorld): void {
  world.onOutput = () => {
    throw new Error(FULL);
  };
}

const commands: [words: string, stderr: string, code: number][] = [
  ["version", `${LINE}. What was asked for is done\n`, 1],
  ["version --json", `${LINE}. What was asked for is done\n`, 1],
  ["--version", `${LINE}. What was asked for is done\n`, 1],
  ["update --rollback --json", `${LINE}\n`, 5],
  ["updte --json", `${LINE}\n`, 2],
];

for (const [words, expected, code] of commands) {
  test(`cco ${words} says in one line that its answer could not be written, and exits ${code}`, async () => {
    await using world = await TestWorld.make();
    fill(world);
    const answer = await world.run(words);
    assert.deepEqual([answer.code, answer.stderr], [code, expected]);
  });
}

for (const flags of ["", " --json", " --quiet"]) {
  test(`an update whose words cannot be written is installed, says so, and exits 1:${flags}`, async () => {
    await using world = await TestWorld.make();
    await world.publish([{ version: "2025.11.2" }]);
    fill(world);
    const { code, stderr } = await world.run(`update --yes${flags}`);
    assert.equal(stderr, `ℹ️  Updated to v2025.11.2\n${LINE}. What was asked for is done\n`);
    assert.equal(code, 1);
    assert.equal(await readFile(world.executable, "utf8"), scriptOf("2025.11.2"));
  });
}

const redirections: [words: string, where: string, stderr: string][] = [
  ["version --json", ">/dev/full", `${LINE}. What was asked for is done\n`],
  ["--version", ">/dev/full", `${LINE}\n`],
  ["config get updates.foo --json", ">/dev/full", `${LINE}\n`],
  ["config get updates.foo", "2>/dev/full", ""],
];

for (const [words, where, expected] of redirections) {
  test(`cco ${words} ${where} ends without a stack trace, and not with success`, async (t) => {
    if (await stat("/dev/full").catch(() => undefined) === undefined) {
      return leaveOut(t, "there is no /dev/full");
    }
    const cli = fileURLToPath(new URL("../../cli.ts", import.meta.url));
    const script = `exec "$0" run -A --no-check "$1" ${words} ${where}`;
    const command = new Deno.Command("/bin/sh", { args: ["-c", script, Deno.execPath(), cli] });
    const { code, stderr } = await command.output();
    assert.equal(new TextDecoder().decode(stderr), expected);
    assert.equal(code, words.startsWith("config") ? 3 : 1);
  });
}
