/** Passwords of secret keys, asked for and chosen. */

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Interrupted } from "../../src/cli/terminal.ts";
import { secretKeyFile } from "../../src/minisign_key_file.ts";
import { testKey } from "../support/signed_release.ts";
import { SIGNED, snapshot } from "./desk.ts";
import { openDesk } from "./release_desk.ts";
import type { TestWorld } from "./world.ts";

/** A cheap password protection: minisign's own takes seconds and a gigabyte. */
async function protect(world: TestWorld, password: string): Promise<void> {
  const cost = { operations: 32_768, memory: 1 << 24 };
  const protection = { password, salt: new Uint8Array(32), cost };
  const text = await secretKeyFile(await testKey(2), { protection });
  await writeFile(join(world.folder, "release.key"), text, { mode: 0o600 });
}

test("the password of a protected key is asked for on the terminal, and shown nowhere", async () => {
  await using world = await openDesk();
  await protect(world, "correct horse");
  world.sit();
  world.env["NO_COLOR"] = "1";
  world.typed = ["correct horse"];
  const { code, stdout, stderr } = await world.run(`release refresh ${SIGNED}`);
  assert.equal(code, 0, stderr);
  assert.equal(stderr, "Password of release.key: \n");
  assert(!stdout.includes("horse"));
});

const passwords: [typed: (string | undefined | Interrupted)[], code: number, stderr: RegExp][] = [
  [["wrong battery"], 2, /the password is wrong, or the file is damaged/],
  [[undefined], 2, /No password was given/],
  [[new Interrupted(130)], 130, /Cancelled/],
];

for (const [typed, code, expected] of passwords) {
  test(`a password of ${typed}: exit ${code}, nothing changed, nothing shown`, async () => {
    await using world = await openDesk();
    await protect(world, "correct horse");
    const before = await snapshot(world);
    world.sit();
    world.typed = typed;
    const answer = await world.run(`release refresh ${SIGNED} --verbose`);
    assert.equal(answer.code, code);
    assert.match(answer.stderr, expected);
    assert(!`${answer.stdout}${answer.stderr}`.includes("battery"));
    assert.deepEqual(await snapshot(world), before);
  });
}

const newPasswords: [typed: string[], stderr: RegExp][] = [
  [[""], /Cannot use an empty password. Add --no-password/],
  [["one", "other"], /The two passwords differ/],
];

for (const [typed, expected] of newPasswords) {
  test(`a new password of ${JSON.stringify(typed)} makes no key`, async () => {
    await using world = await openDesk({ withFolder: false });
    const before = await snapshot(world);
    world.sit();
    world.typed = typed;
    const { code, stderr } = await world.run("release keygen fresh.key");
    assert.equal(code, 2);
    assert.match(stderr, expected);
    assert.deepEqual(await snapshot(world), before);
  });
}

test("without a terminal nothing asks for a password: exit 2, with a hint", async () => {
  await using world = await openDesk();
  await protect(world, "correct horse");
  for (const words of [`release refresh ${SIGNED}`, "release keygen fresh.key"]) {
    const { code, stderr } = await world.run(words);
    assert.equal(code, 2);
    assert.match(stderr, /^Cannot ask for a password without a terminal/);
  }
});
