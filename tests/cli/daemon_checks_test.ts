/** What a service checks, logs and says of its health. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { askHealth } from "../../src/service/ask_health.ts";
import { testKey } from "../support/signed_release.ts";
import { machineWith, until } from "./daemon_machine.ts";
import { TestWorld } from "./world.ts";

test("the service checks when it is time, and logs it in the contract's order", async () => {
  await using world = await TestWorld.make();
  await world.publish([{ version: "2025.11.2" }]);
  const { machine, port } = await machineWith(world);
  await using _ = machine;
  await world.writeState({});
  const due = JSON.stringify({ next: 0, failures: 0, isWaiting: false });
  await writeFile(join(world.home, ".local/state/cco/background.json"), due);
  assert.equal((await world.run("daemon start --debug")).code, 0);
  await until(async () => (await askHealth({ host: "127.0.0.1", port }))?.lastCheck !== null);
  const log = await until(async () => {
    const { stdout } = await world.run("daemon logs");
    return stdout.includes("New version available") && stdout;
  });
  const said = log.trimEnd().split("\n").map((line) => line.replace(/^[\dT:-]{19}Z /, ""));
  assert.deepEqual(said.slice(-4), [
    "[INFO] Starting update check",
    "[INFO] Current version: 2025.11.1",
    "[INFO] Latest version: 2025.11.2",
    "[INFO] New version available: 2025.11.2",
  ]);
  assert.match(
    (await world.run("daemon logs -n 1")).stdout,
    /^\S+ \[INFO\] New version available: 2025\.11\.2\n$/,
  );
  assert.equal((await world.run("daemon logs --level warn")).stdout, "");
  await until(async () => (await world.run("version")).stdout.includes("New version available: v2025.11.2"));
  assert.deepEqual(await world.installed(), ["cco"]);
});

test("a service that cannot check is degraded, says why, and goes on", async () => {
  await using world = await TestWorld.make();
  const { machine } = await machineWith(world);
  await using _ = machine;
  await world.writeState({});
  const due = JSON.stringify({ next: 0, failures: 0, isWaiting: false });
  await writeFile(join(world.home, ".local/state/cco/background.json"), due);
  await world.run("daemon start");
  const status = await until(async () => {
    const { stdout } = await world.run("daemon status");
    return stdout.includes("Health: degraded") && stdout;
  });
  assert(status.includes("Health: degraded (updates cannot be checked: HTTP_STATUS)"), status);
  const { stdout } = await world.run("daemon logs --level warn");
  assert.match(stdout, /^\S+ \[WARN\] Could not check for updates: /);
});

test("a service whose manifest has expired says that in words of its own", async () => {
  await using world = await TestWorld.make();
  const { machine, port } = await machineWith(world);
  await using _ = machine;
  const key = await testKey(7);
  world.build = { ...world.build, keys: [key.publicKey.text], allowUnsigned: false };
  await world.publish([{ version: "2025.11.1" }], { key, fields: { expires: "2025-11-16T00:00:00Z" } });
  await world.writeState({});
  const due = JSON.stringify({ next: 0, failures: 0, isWaiting: false });
  await writeFile(join(world.home, ".local/state/cco/background.json"), due);
  assert.equal((await world.run("daemon start")).code, 0);
  const health = await until(async () => {
    const answer = await askHealth({ host: "127.0.0.1", port });
    return answer?.status === "degraded" && answer;
  });
  assert.equal(health.reason, "the manifest has expired");
  assert.match(
    (await world.run("daemon status")).stdout,
    /\nHealth: degraded \(the manifest has expired\)\n/,
  );
});

test("the settings are read again when the system asks, and stay when they cannot be used", async () => {
  await using world = await TestWorld.make();
  const { machine, port } = await machineWith(world);
  await using _ = machine;
  await world.run("daemon start");
  const next = async () => (await askHealth({ host: "127.0.0.1", port }))?.nextCheck;
  assert(await until(next));
  await world.writeConfig("[updates]\nenabled = false\n");
  machine.reload();
  await until(async () => await next() === null);
  await world.writeConfig("[updates]\nenabled = perhaps\n");
  machine.reload();
  const log = await until(async () => {
    const { stdout } = await world.run("daemon logs");
    return stdout.includes("[ERROR]") && stdout;
  });
  assert.match(log, /\[INFO\] Background checks are switched off\n/);
  assert.match(log, /\[ERROR\] The settings stay as they were: /);
  assert.equal((await world.run("daemon status")).code, 0);
});
