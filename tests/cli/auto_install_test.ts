/** `updates.auto_install`: a service that installs by itself, and the version that takes over. */

import assert from "node:assert/strict";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { attempts, type Behaviour, type How, type Machine, machineWith, until } from "./daemon_machine.ts";
import { scriptOf, TestWorld } from "./world.ts";

/** For a version that stands the probation, and for one that does not, which must fail within it on any machine. */
const SHORT = "1s", LONG = "60s";

/** A running service that installs by itself, is due now, and finds version 2025.11.2. */
async function installing(world: TestWorld, behaviour: Behaviour, probation = LONG): Promise<Machine> {
  const { machine } = await machineWith(world);
  machine.behaviour = behaviour;
  await prepareInstalling(world, probation);
  const { code, stderr } = await world.run("daemon start");
  assert.equal(code, 0, stderr);
  return machine;
}

/** Settings that install by themselves, a check that is due, and version 2025.11.2 to be found. */
async function prepareInstalling(world: TestWorld, probation: string): Promise<void> {
  world.env["CCO_SERVICE_PROBATION"] = probation;
  world.env["CCO_UPDATES_AUTO_INSTALL"] = "true";
  await world.publish([{ version: "2025.11.2" }]);
  await world.writeState({});
  const due = JSON.stringify({ next: 0, failures: 0, isWaiting: false });
  await writeFile(join(world.home, ".local/state/cco/background.json"), due);
}

const INSTALLED = ["service", "update", "2025.11.1", "2025.11.2", "updated"];

/** What the log says once it says a text, without times. */
async function logged(world: TestWorld, text: string): Promise<string[]> {
  const log = await until(async () => {
    const { stdout } = await world.run("daemon logs");
    return stdout.includes(text) && stdout;
  });
  return log.trimEnd().split("\n").map((line) => line.slice(21));
}

test("the service installs by itself, and the new version takes over", async () => {
  await using world = await TestWorld.make();
  await using _ = await installing(world, () => "serves", SHORT);
  const lines = await logged(world, "has taken over");
  const from = lines.indexOf("[INFO] Starting update check");
  assert.deepEqual(lines.slice(from, from + 7), [
    "[INFO] Starting update check",
    "[INFO] Current version: 2025.11.1",
    "[INFO] Latest version: 2025.11.2",
    "[INFO] Downloading release...",
    "[INFO] Verifying checksum...",
    "[INFO] Installing update...",
    "[INFO] Successfully updated to 2025.11.2",
  ]);
  assert.match((await world.run("daemon status")).stdout, /\nVersion: 2025\.11\.2\nHealth: ok\n/);
  assert.deepEqual(await world.installed(), ["cco", "cco.backup"]);
  assert.deepEqual(await attempts(world), [INSTALLED]);
});

for (const how of ["dies", "dies later"] as const) {
  test(`the old version serves again when the new one ${how}, and the bad one is remembered`, async () => {
    await using world = await TestWorld.make();
    await using _ = await installing(world, (version) => version === "2025.11.2" ? how : "serves");
    const lines = await logged(world, "rolled back to previous version");
    assert(lines.some((line) => line.startsWith("[ERROR] Version 2025.11.2 did not become healthy: ")));
    const status = await until(async () => {
      const answer = await world.run("daemon status");
      return answer.stdout.includes("Health: ok") && answer.stdout;
    });
    assert.match(status, /\nVersion: 2025\.11\.1\n/);
    assert.equal(await readFile(world.executable, "utf8"), scriptOf("2025.11.1"));
    assert.equal((await world.json("update --check")).document["outcome"], "held-back");
    const takenBack = ["service", "automatic-rollback", "2025.11.2", "2025.11.1", "rolled-back"];
    assert.deepEqual(await attempts(world), [INSTALLED, takenBack]);
  });
}

test("the old version serves again when the new one is degraded and it was not", async () => {
  await using world = await TestWorld.make();
  const state = join(world.home, ".local/state/cco");
  await using _ = await installing(world, async (version): Promise<How> => {
    if (version === "2025.11.2") {
      // The old version plans its next check before it gives the claim back, and the new one needs both.
      await until(() => Promise.resolve(!existsSync(join(state, "background.claim"))));
      rmSync(join(world.folder, "releases/version-manifest.json"));
      const due = JSON.stringify({ next: 0, failures: 0, isWaiting: false });
      writeFileSync(join(state, "background.json"), due);
    }
    return "serves";
  });
  const lines = await logged(world, "rolled back to previous version");
  const why = "it is degraded: updates cannot be checked: HTTP_STATUS";
  assert(lines.includes(`[ERROR] Version 2025.11.2 did not become healthy: ${why}`), lines.join("\n"));
  await until(async () => (await world.run("daemon status")).stdout.includes("\nVersion: 2025.11.1\n"));
});

test("what a person has installed during the probation stays when the new version dies", async () => {
  await using world = await TestWorld.make();
  await using machine = await installing(world, (version) => {
    // The person's version, and the bad one as its backup, as `cco update` leaves them.
    if (version === "2025.11.2") {
      writeFileSync(`${world.executable}.backup`, scriptOf("2025.11.2"), { mode: 0o755 });
      writeFileSync(world.executable, scriptOf("2025.11.0"), { mode: 0o755 });
    }
    return version === "2025.11.2" ? "dies later" : "serves";
  });
  const lines = await logged(world, "nothing rolled back");
  const warning = "[WARN] Update failed, nothing rolled back: 2025.11.0 has been installed since";
  assert(lines.includes(warning), lines.join("\n"));
  await until(async () => (await world.run("daemon status")).stdout.includes("\nVersion: 2025.11.1\n"));
  assert.equal(await readFile(world.executable, "utf8"), scriptOf("2025.11.0"));
  assert.equal(await readFile(`${world.executable}.backup`, "utf8"), scriptOf("2025.11.2"));
  const left = ["service", "automatic-rollback", "2025.11.2", "2025.11.0", "superseded"];
  assert.deepEqual(await attempts(world), [INSTALLED, left]);
  const refused = join(world.home, ".local/state/cco/refused-versions.json");
  assert.deepEqual(JSON.parse(await readFile(refused, "utf8")), ["2025.11.2"]);
  assert.equal(machine.starts.length, 2);
});

test("cco run shows the lines of the version that has taken over, and does not say that it has stopped", async () => {
  await using world = await TestWorld.make();
  const { machine } = await machineWith(world);
  await using _ = machine;
  await prepareInstalling(world, SHORT);
  let shown = "";
  world.onOutput = (text) => void (shown += text);
  const running = world.run("run");
  await until(() => Promise.resolve(shown.includes("Version 2025.11.1 has handed over and ends")));
  machine.reload();
  await until(() => Promise.resolve(shown.includes("[INFO] Reading the settings again")));
  assert.match(shown, /\[INFO\] Service started: version 2025\.11\.2, /);
  assert(!shown.includes("Service stopped"), shown);
  assert.equal(shown.match(/Handing over to version 2025\.11\.2/g)?.length, 1);
  await machine.end(0, "gracefully");
  assert.equal((await running).code, 0);
  assert.match(shown, /\[INFO\] Service stopped\n$/);
});

test("an installation waits for the window", async () => {
  await using world = await TestWorld.make();
  // A minute that was over some hours ago.
  const at = new Date(Date.now() - 6 * 3_600_000).toISOString().slice(11, 14);
  world.env["CCO_UPDATES_WINDOW"] = `${at}00-${at}01 UTC`;
  await using _ = await installing(world, () => "serves");
  const lines = await logged(world, "Latest version: 2025.11.2");
  assert(!lines.some((line) => line.includes("Downloading")));
  assert.deepEqual(await world.installed(), ["cco"]);
});
