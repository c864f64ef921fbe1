/** Where `cco release` takes its secret keys from, and where never. */

import assert from "node:assert/strict";
import { chmod, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Command } from "../../src/cli/command.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { testKey } from "../support/signed_release.ts";
import { ok, placeKey, SIGNED } from "./desk.ts";
import { openDesk, secretOf } from "./release_desk.ts";

test("thresholds: with two keys of two, one is refused, and keys can be given in different ways", async () => {
  await using world = await openDesk({ withFolder: false });
  await placeKey(world, "second.key", 3);
  const roots = "--root-key-file root.key --root-key-file second.key --root-threshold 2";
  await ok(
    world,
    `release init releases ${roots} --key-file release.key --key-file second.key --threshold 2`,
  );
  assert.equal((await world.run(`release refresh ${SIGNED}`)).code, 5);
  await ok(world, `release refresh ${SIGNED} --key-file second.key`);
  world.env["SECOND"] = await readFile(join(world.folder, "second.key"), "utf8");
  await ok(world, `release refresh ${SIGNED} --key-env SECOND`);
  world.input = world.env["SECOND"] + await readFile(join(world.folder, "release.key"), "utf8");
  await ok(world, "release refresh --folder releases --key-stdin");
  const rotate = "release rotate --folder releases --root-key-file root.key";
  assert.equal((await world.run(rotate)).code, 5);
  await ok(world, `${rotate} --root-key-env SECOND`);
});

test("a secret key that others can read is refused, with the mend", async () => {
  await using world = await openDesk();
  await chmod(join(world.folder, "release.key"), 0o640);
  const { code, stderr } = await world.run(`release refresh ${SIGNED}`);
  assert.equal(code, 2);
  assert.match(stderr, /its mode is 0640, others can read it; chmod 600 it/);
});

const noKeys: [flags: string, stderr: RegExp][] = [
  ["--key-file absent.key", /Cannot use the secret key .*absent\.key: there is no such file/],
  [
    "--key-file release.key.pub",
    /release\.key\.pub: it is a public key; the secret one is in the file without/,
  ],
  ["--key-env PUBLIC", /it is a public key/],
  ["--key-env ABSENT", /ABSENT: there is no such variable, or it is empty/],
  ["--key-env WRONG", /it is no minisign key file/],
  ["--key-stdin", /it is no minisign key file/],
  ["--key-stdin --root-key-stdin", /there is one standard input/],
];

for (const [flags, expected] of noKeys) {
  test(`no key by ${flags}: exit 2, and what was there instead is not shown`, async () => {
    await using world = await openDesk({ withFolder: false });
    world.env["PUBLIC"] = (await testKey(2)).publicKey.text;
    world.env["WRONG"] = "not a key but a secret all the same";
    const root = flags.includes("--root-") ? "" : "--root-key-file root.key";
    const { code, stdout, stderr } = await world.run(`release init new ${root} ${flags} --verbose`);
    assert.equal(code, 2);
    assert.match(stderr, expected);
    assert(!`${stdout}${stderr}`.includes("a secret all the same"));
  });
}

test("a key on standard input is refused where it would show on the terminal", async () => {
  await using world = await openDesk();
  world.sit();
  const { code, stderr } = await world.run("release refresh --folder releases --key-stdin");
  assert.equal(code, 2);
  assert.match(stderr, /from a terminal, where it would show/);
});

/** The command has a flag for no key's text: a word of the command line is everybody's (T11). */
test("no flag of cco release takes a secret itself", async () => {
  const flags = (command: Command): string[] => [
    ...(command.flags ?? []).filter(({ value }) => value === "KEY").map(({ name }) => name),
    ...(command.commands ?? []).flatMap(flags),
  ];
  const release = COMMANDS.commands!.find(({ name }) => name === "release")!;
  assert.deepEqual(flags(release), ["root-public", "public"]);
  await using world = await openDesk();
  const secret = await secretOf(world, "release.key");
  for (const flag of ["--key", "--secret-key", "--password"]) {
    const { code, stdout, stderr } = await world.run(`release refresh --folder releases ${flag} ${secret}`);
    assert.equal(code, 2);
    assert(!`${stdout}${stderr}`.includes(secret), flag);
  }
});
