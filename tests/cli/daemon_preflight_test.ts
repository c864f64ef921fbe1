/** What has to be right before a service is started, or a working one is stopped for it. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FileError } from "../../machine.ts";
import { lastRecord } from "../../src/service/record.ts";
import { machineWith, until, update } from "./daemon_machine.ts";
import { scriptOf, TestWorld } from "./world.ts";

for (
  const [what, code, spoil, expected] of [
    ["flags that are no port", 2, () => "--port abc", /service\.port|port/],
    ["settings that cannot be used", 3, async (world: TestWorld) => {
      await world.writeConfig("[updates]\nenabled = perhaps\n");
      return "";
    }, /^Configuration file is damaged/],
    [
      "a port that another program has",
      1,
      (_: TestWorld, other: number) => `--port ${other}`,
      /another program/,
    ],
    ["a state folder that cannot be written", 1, (world: TestWorld) => {
      refuseWrites(world, ".trial-");
      return "";
    }, /^The service cannot write to its state folder /],
  ] as const
) {
  test(`neither start nor restart does anything with ${what}, and what runs goes on`, async () => {
    await using world = await TestWorld.make();
    const { machine } = await machineWith(world);
    await using _ = machine;
    const other = createServer();
    await new Promise<void>((resolve) => void other.listen(0, "127.0.0.1", resolve));
    await world.run("daemon start");
    await update(world);
    const flags = await spoil(world, (other.address() as AddressInfo).port);
    const restart = await world.run(`daemon restart ${flags}`);
    assert.equal(restart.code, code, restart.stderr);
    assert.match(restart.stderr, expected);
    assert.deepEqual([machine.starts.length, machine.ended], [1, []]);
    assert.equal(await readFile(world.executable, "utf8"), scriptOf("2025.11.2"));
    await machine.end(0, "gracefully");
    await until(async () =>
      (await lastRecord(world.runtime, join(world.home, ".local/state/cco"))) === undefined
    );
    const start = await world.run(`daemon start ${flags}`);
    assert.equal(start.code, code, start.stderr);
    assert.match(start.stderr, expected);
    assert.equal(machine.starts.length, 1);
    await new Promise((resolve) => void other.close(resolve));
  });
}

/** Has writes of files fail whose name contains a text. */
function refuseWrites(world: TestWorld, name: string): void {
  const { fs } = world.runtime;
  const open: typeof fs.open = async (path, options) => {
    if (path.includes(name)) throw new FileError("read-only", "open", path);
    return await fs.open(path, options);
  };
  world.runtime = { ...world.runtime, fs: { ...fs, open } };
}

test("cco run says that its state folder cannot be written", async () => {
  await using world = await TestWorld.make();
  await machineWith(world);
  refuseWrites(world, "service.json");
  const { code, stderr } = await world.run("run");
  assert.equal(code, 1);
  assert.match(stderr, /^The service cannot write to its state folder \S+state\/cco: /);
});
