/** `cco daemon restart`: to the new version, and back. */

import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { askHealth } from "../../src/service/ask_health.ts";
import { freePort } from "../support/free_port.ts";
import { attempts, type Machine, machineWith, until, update } from "./daemon_machine.ts";
import { scriptOf, TestWorld } from "./world.ts";

test("cco daemon restart runs the new executable", async () => {
  await using world = await TestWorld.make();
  const { machine } = await machineWith(world);
  await using _ = machine;
  await world.run("daemon start");
  await update(world);
  const answer = await world.run("daemon restart");
  assert.equal(answer.code, 0, answer.stderr);
  assert.match(answer.stdout, /^✅ Daemon restarted \(PID: \d+\)\nVersion: 2025\.11\.2\n/);
  assert.match((await world.run("daemon status")).stdout, /\nVersion: 2025\.11\.2\nHealth: ok\n/);
});

test("cco daemon restart goes back when the new version dies, and does not take it again", async () => {
  await using world = await TestWorld.make();
  const { machine } = await machineWith(world);
  await using _ = machine;
  await world.run("daemon start");
  await update(world);
  machine.behaviour = (version) => version === "2025.11.2" ? "dies" : "serves";
  const answer = await world.run("daemon restart");
  assert.equal(answer.code, 5, answer.stderr);
  assert.match(
    answer.stdout,
    /^⚠️ {2}Version 2025\.11\.2 did not become healthy, going back\.\.\.\nUpdate failed, rolled back to previous version\n✅ Daemon restarted \(PID: \d+\)\nVersion: 2025\.11\.1\n/,
  );
  assert.equal(await readFile(world.executable, "utf8"), scriptOf("2025.11.1"));
  assert.match((await world.run("daemon status")).stdout, /\nVersion: 2025\.11\.1\nHealth: ok\n/);
  world.build = { ...world.build, version: "2025.11.1" };
  assert.equal((await world.json("update --check")).document["outcome"], "held-back");
  const takenBack = ["cli", "automatic-rollback", "2025.11.2", "2025.11.1", "rolled-back"];
  assert.deepEqual((await attempts(world)).at(-1), takenBack);
});

test("cco daemon restart leaves alone what a person installs while it tries the new version", async () => {
  await using world = await TestWorld.make();
  const { machine } = await machineWith(world);
  await using _ = machine;
  await world.run("daemon start");
  await update(world);
  machine.behaviour = (version) => {
    if (version !== "2025.11.2") return "serves";
    writeFileSync(world.executable, scriptOf("2025.11.3"), { mode: 0o755 });
    return "dies";
  };
  const answer = await world.run("daemon restart");
  assert.equal(answer.code, 0, answer.stderr);
  assert.match(answer.stderr, /Nothing rolled back: 2025\.11\.3 has been installed since\n/);
  assert.match(answer.stdout, /going back\.\.\.\n✅ Daemon restarted \(PID: \d+\)\nVersion: 2025\.11\.3\n/);
  assert.equal(await readFile(`${world.executable}.backup`, "utf8"), scriptOf("2025.11.1"));
  const left = ["cli", "automatic-rollback", "2025.11.2", "2025.11.3", "superseded"];
  assert.deepEqual((await attempts(world)).at(-1), left);
});

test("cco daemon restart blames no version that was not new", async () => {
  await using world = await TestWorld.make();
  const { machine } = await machineWith(world);
  await using _ = machine;
  await world.run("daemon start");
  machine.behaviour = () => "dies";
  const answer = await world.run("daemon restart");
  assert.equal(answer.code, 1);
  assert.match(answer.stderr, /^Cannot start the daemon/);
  assert.equal(await readFile(world.executable, "utf8"), scriptOf("2025.11.1"));
});

test("cco daemon restart keeps the port that the service was started with", async () => {
  await using world = await TestWorld.make();
  const { machine } = await machineWith(world);
  await using _ = machine;
  const port = await freePort();
  await world.run(`daemon start --port ${port}`);
  await update(world);
  const answer = await world.run("daemon restart");
  assert.equal(answer.code, 0, answer.stderr);
  assert(answer.stdout.includes(`Address: http://127.0.0.1:${port}\n`), answer.stdout);
  assert.deepEqual(machine.starts.at(-1), ["run", "--quiet", `--port=${port}`]);
});

for (
  const [what, isOwn] of [["the source cannot be reached", false], ["its own checks fail", true]] as const
) {
  test(`cco daemon restart ${isOwn ? "goes back" : "blames no version"} where ${what}`, async () => {
    await using world = await TestWorld.make();
    const { machine } = await machineWith(world);
    await using _ = machine;
    world.env["CCO_SERVICE_PROBATION"] = "1s";
    await world.run("daemon start");
    await update(world);
    await breakChecks(world, machine, isOwn);
    const answer = await world.run("daemon restart");
    assert.equal(answer.code, isOwn ? 5 : 0, answer.stderr);
    assert.equal(await readFile(world.executable, "utf8"), scriptOf(isOwn ? "2025.11.1" : "2025.11.2"));
  });
}

/** Version 2025.11.2 answers once it has failed to check. */
async function breakChecks(world: TestWorld, machine: Machine, isOwn: boolean): Promise<void> {
  const manifest = join(world.folder, "releases/version-manifest.json");
  const schedule = join(world.home, ".local/state/cco/background.json");
  const start = machine.start.bind(machine);
  machine.start = async (path, args, env) => {
    const isNew = (await readFile(path, "utf8")) === scriptOf("2025.11.2");
    if (isNew) {
      if (isOwn) writeFileSync(manifest, "[]");
      else rmSync(manifest);
      writeFileSync(schedule, JSON.stringify({ next: 0, failures: 0, isWaiting: false }));
    }
    const started = await start(path, args, env);
    const at = { host: "127.0.0.1", port: Number(world.env["CCO_SERVICE_PORT"]) };
    if (isNew) await until(async () => (await askHealth(at))?.status === "degraded");
    return started;
  };
  await Promise.resolve();
}
