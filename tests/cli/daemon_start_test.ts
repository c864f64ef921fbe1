/** `cco daemon start`: why a service does not start, and several that start it at once. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { askHealth } from "../../src/service/ask_health.ts";
import { machineWith, until } from "./daemon_machine.ts";
import { TestWorld } from "./world.ts";

test("cco daemon start says why a service does not start", async () => {
  await using world = await TestWorld.make();
  const { machine, port } = await machineWith(world);
  await using _ = machine;
  const other = createServer();
  await new Promise<void>((resolve) => void other.listen(port, "127.0.0.1", resolve));
  const taken = await world.run("daemon start");
  assert.equal(taken.code, 1);
  assert.match(taken.stderr, /^Cannot listen on 127\.0\.0\.1:\d+: another program uses this port\. /);
  const { document } = await world.json("daemon start");
  assert.equal((document["error"] as { code: string }).code, "LISTEN");
  assert.equal(machine.starts.length, 0);
  const foreground = await world.run("run");
  assert.equal(foreground.code, 1);
  assert.match(foreground.stderr, /^Cannot listen on 127\.0\.0\.1:\d+: another program uses this port\. /);
  await new Promise((resolve) => void other.close(resolve));
  machine.behaviour = () => "dies";
  assert.match(
    (await world.run("daemon start")).stderr,
    /^Cannot start the daemon: it ended at once with exit code 1\. Run /,
  );
  world.runtime = { ...world.runtime, execPath: "/usr/bin/deno" };
  assert.match((await world.run("daemon start")).stderr, /runs from source/);
});

test("of several that start the daemon at once those who lose find it running", async () => {
  await using world = await TestWorld.make();
  const { machine } = await machineWith(world);
  await using _ = machine;
  const start = machine.start.bind(machine);
  machine.start = async (path, args, env) => {
    // Somebody else's service has started a moment earlier, and this one has found its record.
    await start(path, args, env);
    await until(async () =>
      (await askHealth({ host: "127.0.0.1", port: Number(world.env["CCO_SERVICE_PORT"]) })) !== undefined
    );
    return { pid: 1, exitCode: () => 1, hasEnded: () => true, ended: Promise.resolve() };
  };
  const answer = await world.run("daemon start");
  assert.equal(answer.code, 0, answer.stderr);
  assert.match(answer.stdout, /^Daemon is already running \(PID: \d+\)\n/);
});
