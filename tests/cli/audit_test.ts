/** The audit trail: who changed the installed version, how, and what became of it. */

import assert from "node:assert/strict";
import { readFile, stat, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { testKey } from "../support/signed_release.ts";
import { scriptOf, TestWorld } from "./world.ts";

const trailOf = (world: TestWorld): string => join(world.home, ".local/state/cco/update.log.jsonl");

/** The trail as it lies on the disk. */
async function trail(world: TestWorld): Promise<Record<string, unknown>[]> {
  const text = await readFile(trailOf(world), "utf8").catch(() => "");
  return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

/** What matters of each entry. */
async function told(world: TestWorld): Promise<unknown[][]> {
  return (await trail(world)).map((
    { how, what, from, to, result, error },
  ) => [how, what, from, to, result, error]);
}

test("an update and the way back leave a line each, with digest, key and account", async () => {
  await using world = await TestWorld.make();
  const key = await testKey(7);
  world.build = { ...world.build, keys: [key.publicKey.text], allowUnsigned: false };
  await world.publish([{ version: "2025.11.2" }], { key });
  const { code, stderr } = await world.run("update --yes");
  assert.equal(code, 0, stderr);
  const [line, ...others] = await trail(world);
  assert.deepEqual(others, []);
  const { time, sha256, ...facts } = line!;
  assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.match(String(sha256), /^[0-9a-f]{64}$/);
  assert.deepEqual(facts, {
    user: userInfo().username,
    uid: world.runtime.uid,
    how: "cli",
    what: "update",
    from: "2025.11.1",
    to: "2025.11.2",
    key_ids: [key.publicKey.id],
    source: `${world.address}/version-manifest.json`,
    result: "updated",
  });
  assert.equal((await stat(trailOf(world))).mode & 0o777, 0o600);

  world.build = { ...world.build, version: "2025.11.2" };
  world.env["SUDO_USER"] = "ann";
  assert.equal((await world.run("rollback")).code, 0);
  assert.deepEqual((await told(world))[1], [
    "cli",
    "rollback",
    "2025.11.2",
    "2025.11.1",
    "rolled-back",
    undefined,
  ]);
  assert.equal((await trail(world))[1]!["user"], `${userInfo().username} (sudo: ann)`);
});

const failures = [
  {
    what: "a file with another digest",
    release: { version: "2025.11.2", asset: { sha256: "0".repeat(64) } },
    line: ["cli", "update", "2025.11.1", "2025.11.2", "failed", "DIGEST_MISMATCH"],
  },
  {
    what: "a version that does not run",
    release: { version: "2025.11.2", script: "#!/bin/sh\nexit 1\n" },
    line: ["cli", "update", "2025.11.1", "2025.11.2", "failed", "PROBE_FAILED"],
  },
  {
    what: "a version that runs only under its temporary name",
    release: {
      version: "2025.11.2",
      script: '#!/bin/sh\ncase "$0" in */cco) exit 1;; esac\necho "cco 2025.11.2"\n',
    },
    line: ["cli", "update", "2025.11.1", "2025.11.2", "rolled-back", "PROBE_FAILED"],
  },
] as const;
for (const { what, release, line } of failures) {
  test(`an attempt to install ${what} is in the trail`, async () => {
    await using world = await TestWorld.make();
    await world.publish([release]);
    assert.equal((await world.run("update --yes")).code, 5);
    assert.deepEqual(await told(world), [line]);
  });
}

test("a forged manifest is in the trail of who was to install it, and not of who only looked", async () => {
  await using world = await TestWorld.make();
  world.build = { ...world.build, keys: [(await testKey(7)).publicKey.text], allowUnsigned: false };
  await world.publish([{ version: "2025.11.2" }], { key: await testKey(8) });
  await world.run("update --check");
  await world.run("update --dry-run");
  assert.deepEqual(await told(world), []);
  await world.run("update --yes");
  assert.deepEqual(await told(world), [["cli", "update", "2025.11.1", undefined, "failed", "UNTRUSTED"]]);
});

test("what was not attempted is not in the trail", async () => {
  await using world = await TestWorld.make();
  await world.publish([{ version: "2025.11.2" }]);
  world.sit();
  world.typed = ["n"];
  assert.match((await world.run("update")).stdout, /Update cancelled/);
  world.terminals.clear();
  await world.run("update --dry-run");
  await world.publish([{ version: "2025.11.1" }]);
  await world.run("update --yes");
  assert.deepEqual(await told(world), []);
});

test("a rollback without a backup is in the trail as failed", async () => {
  await using world = await TestWorld.make();
  assert.equal((await world.run("rollback")).code, 5);
  assert.deepEqual(await told(world), [["cli", "rollback", "2025.11.1", undefined, "failed", "NO_BACKUP"]]);
});

test("cco daemon logs --audit and cco doctor show the trail", async () => {
  await using world = await TestWorld.make();
  assert.deepEqual(await world.run("daemon logs --audit"), { code: 0, stdout: "", stderr: "" });
  assert(!(await world.run("doctor")).stdout.includes("Last update:"));
  await world.publish([{ version: "2025.11.2", asset: { sha256: "0".repeat(64) } }]);
  await world.run("update --yes");
  const who = `(cli, ${userInfo().username})`;
  const failed = `update 2025.11.1 -> 2025.11.2: failed DIGEST_MISMATCH ${who}`;
  assert((await world.run("daemon logs --audit")).stdout.endsWith(`Z ${failed}\n`));
  const doctor = (await world.run("doctor")).stdout;
  assert.match(doctor, / {2}• Last update: \S+Z update 2025\.11\.1 -> 2025\.11\.2: failed DIGEST_MISMATCH/);

  await world.publish([{ version: "2025.11.2" }]);
  await world.run("update --yes");
  const { document } = await world.json("daemon logs --audit");
  const lines = document["lines"] as string[];
  assert.deepEqual(lines.map((line) => line.slice(21)), [
    failed,
    `update 2025.11.1 -> 2025.11.2: updated ${who}`,
  ]);
  assert.equal((await world.run("daemon logs --audit -n 1")).stdout.split("\n").length, 2);
  assert.match((await world.run("doctor")).stdout, / {2}✓ Last update: .*: updated \(cli, /);
  assert.equal((await world.run("daemon logs --audit --follow")).code, 2);
});

test("a trail that others have damaged steers no terminal and breaks no command (T31, T35)", async () => {
  await using world = await TestWorld.make();
  await world.writeState({});
  const entry = { time: "2025-11-17T14:32:15Z", how: "cli", what: "update", result: "\x1b[2J\nforged" };
  await writeFile(trailOf(world), `garbage\n${JSON.stringify(entry)}\n{"time":"2025`);
  const { code, stdout } = await world.run("daemon logs --audit");
  assert.equal(code, 0);
  assert.equal(stdout, "2025-11-17T14:32:15Z update ? -> ?: forged (cli)\n");
});

test("an update works where the trail cannot be written", async () => {
  await using world = await TestWorld.make();
  await world.publish([{ version: "2025.11.2" }]);
  await world.writeState({});
  await Deno.mkdir(trailOf(world));
  assert.equal((await world.run("update --yes")).code, 0);
  assert.equal(await readFile(world.executable, "utf8"), scriptOf("2025.11.2"));
});
