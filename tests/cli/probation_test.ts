/** The first starts of a new version of `cco`. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { access, chmod, constants, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { recover } from "../../mod.ts";
import { scriptOf, TestWorld } from "./world.ts";

/** A world whose `cco` has just been updated to 2025.11.2 by another process. */
async function worldOnProbation(): Promise<TestWorld> {
  const world = await TestWorld.make();
  await world.publish([{ version: "2025.11.2" }]);
  assert.equal((await world.run("update --yes")).code, 0);
  world.build = { ...world.build, version: "2025.11.2" };
  return world;
}

function stateOf(world: TestWorld): string {
  return dirname(world.stateFile);
}

/** A start of a process that ends without a word: numbers above the system's limit belong to nobody. */
async function failedStart(world: TestWorld, pid: number): Promise<void> {
  const runtime = { ...world.runtime, pid };
  await recover({ runtime, app: "cco", stateDirectory: stateOf(world), isStart: true });
}

async function isOnProbation(world: TestWorld): Promise<boolean> {
  return await access(join(stateOf(world), "probation.json")).then(() => true, () => false);
}

test("a command that ends well ends the probation of a new version", async () => {
  await using world = await worldOnProbation();
  assert.equal(
    await isOnProbation(world),
    true,
    "the update itself does not vouch for what it has installed",
  );
  assert.equal((await world.run("config get updates.channel")).code, 0);
  assert.equal(await isOnProbation(world), false);
});

test("where a service runs, or was killed, only its own health ends the probation", async () => {
  await using world = await worldOnProbation();
  const { pid } = world.runtime;
  const record = {
    pid,
    processStart: "before",
    version: "2025.11.2",
    host: "127.0.0.1",
    port: 3000,
    startedAt: 1,
  };
  const path = join(stateOf(world), "service.json");
  await writeFile(path, JSON.stringify(record));
  assert.equal((await world.run("version")).code, 0);
  assert.equal(await isOnProbation(world), true);
  await rm(path);
  assert.equal((await world.run("version")).code, 0);
  assert.equal(await isOnProbation(world), false);
});

test("an orderly refusal is a sign of health too", async () => {
  await using world = await worldOnProbation();
  assert.equal((await world.run("config get updates.chanel")).code, 3);
  assert.equal(await isOnProbation(world), false);
});

test("after three failed starts the previous version is back and the failed one is not offered again", async () => {
  await using world = await worldOnProbation();
  for (const pid of [5_000_001, 5_000_002, 5_000_003]) await failedStart(world, pid);
  assert.equal(await readFile(world.executable, "utf8"), scriptOf("2025.11.2"));

  const fourth = await world.run("config get updates.channel");
  assert.equal(fourth.code, 0);
  assert.match(fourth.stderr, /Version 2025\.11\.2 failed three times in a row, rolled back to 2025\.11\.1/);
  assert.equal(await readFile(world.executable, "utf8"), scriptOf("2025.11.1"));
  assert.deepEqual(await world.installed(), ["cco"]);

  world.build = { ...world.build, version: "2025.11.1" };
  const check = await world.run("update --check");
  assert.equal(check.code, 0);
  assert.match(
    check.stdout,
    /Version v2025\.11\.2 is not offered to this machine: it failed on this machine before/,
  );
});

test("two failed starts and a good one are no reason to go back", async () => {
  await using world = await worldOnProbation();
  for (const pid of [5_000_001, 5_000_002]) await failedStart(world, pid);
  assert.equal((await world.run("config get updates.channel")).code, 0);
  await failedStart(world, 5_000_003);
  assert.equal((await world.run("version")).stderr, "");
  assert.equal(await readFile(world.executable, "utf8"), scriptOf("2025.11.2"));
});

test("copies that still run are not failed starts", async () => {
  await using world = await worldOnProbation();
  for (let copy = 0; copy < 5; copy++) {
    await recover({ runtime: world.runtime, app: "cco", stateDirectory: stateOf(world), isStart: true });
  }
  assert.equal(await readFile(world.executable, "utf8"), scriptOf("2025.11.2"));
});

test("a command that ends with a failure it knows is no failed start, however often", async () => {
  await using world = await worldOnProbation();
  const { pid } = world.runtime;
  for (let start = 1; start <= 4; start++) {
    world.runtime = { ...world.runtime, pid: 5_000_000 + start };
    const { code } = await world.run("doctor");
    assert.equal(code, 1, `start ${start}`);
  }
  world.runtime = { ...world.runtime, pid };
  assert.equal((await world.run("version")).stderr, "");
  assert.equal(await readFile(world.executable, "utf8"), scriptOf("2025.11.2"));
});

test("a service that cannot listen because another program uses its port is no failed start", async () => {
  await using world = await worldOnProbation();
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  try {
    for (let start = 1; start <= 4; start++) {
      world.runtime = { ...world.runtime, pid: 5_000_000 + start };
      const { code, stderr } = await world.run(`run --port ${port}`);
      assert.equal(code, 1, stderr);
      assert.match(stderr, /another program uses this port/);
      assert.deepEqual(await readdir(join(stateOf(world), "starts")), []);
    }
  } finally {
    other.close();
  }
  assert.equal(await readFile(world.executable, "utf8"), scriptOf("2025.11.2"));
  assert.equal(await isOnProbation(world), true);
});

test("three failed starts with a damaged backup leave the version that is there, and say so once", async () => {
  await using world = await worldOnProbation();
  await writeFile(`${world.executable}.backup`, "junk", { mode: 0o644 });
  for (const pid of [5_000_001, 5_000_002, 5_000_003]) await failedStart(world, pid);
  const { code, stderr } = await world.run("version");
  assert.equal(code, 0);
  assert.match(
    stderr,
    /Version 2025\.11\.2 failed three times in a row and stays: no previous version works here/,
  );
  assert.equal(await readFile(world.executable, "utf8"), scriptOf("2025.11.2"));
  assert.doesNotMatch((await world.run("version")).stderr, /failed three times/);
});

test("cco rollback blames a damaged backup, not the publisher", async () => {
  await using world = await worldOnProbation();
  await writeFile(`${world.executable}.backup`, "junk");
  const { code, stderr } = await world.run("rollback");
  assert.equal(code, 5);
  assert.match(
    stderr,
    /^Rollback refused: the backup \S+cco\.backup does not run: .*; nothing was changed; install the/,
  );
  assert.doesNotMatch(stderr, /New binary|publisher/);
});

test("a backup that was copied without the right to be run can be run once it is back", async () => {
  await using world = await worldOnProbation();
  await chmod(`${world.executable}.backup`, 0o644);
  for (const pid of [5_000_001, 5_000_002, 5_000_003]) await failedStart(world, pid);
  assert.match((await world.run("version")).stderr, /rolled back to 2025\.11\.1/);
  assert.equal(await readFile(world.executable, "utf8"), scriptOf("2025.11.1"));
  await access(world.executable, constants.X_OK);
});

test("below a channel's head that failed here nothing is offered, and explain says why", async () => {
  await using world = await worldOnProbation();
  for (const pid of [5_000_001, 5_000_002, 5_000_003]) await failedStart(world, pid);
  assert.match((await world.run("version")).stderr, /rolled back to 2025\.11\.1/);
  world.build = { ...world.build, version: "2025.10.1" };
  await world.publish([{ version: "2025.11.1" }, { version: "2025.11.2" }], {
    fields: { latest: { stable: "2025.11.2", beta: "2025.11.1" } },
  });
  const { stdout } = await world.run("explain");
  assert.match(stdout, /✗ refused \(2025\.11\.2\): it failed on this machine before\n/);
  assert.match(
    stdout,
    /✗ channel \(2025\.11\.1\): channel stable points to version 2025\.11\.2, which failed on this machine, not to this one\n/,
  );
  assert.match(stdout, /\nNothing is offered\n$/);
  assert.match(
    (await world.run("update --check")).stdout,
    /v2025\.11\.2 is not offered to this machine: it failed/,
  );
});
