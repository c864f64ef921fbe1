/**
 * The administrator guide's own scripts, taken from the guide and run unchanged against compiled executables, with an
 * `ssh` that runs locally. Those that restart the daemon are in `tests/live_service`.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { namesIn } from "../../scripts/demo/home.ts";
import { guideScript, shippedScript } from "../support/administrator_guide.ts";
import { NEW, OLD } from "../support/deno/published.ts";
import { Fleet, SERVERS } from "../support/deno/fleet.ts";

const skip = Deno.build.os === "windows" ? "the guide's scripts are for bash" : false;
const CHECKED = /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/.source;

/** A fleet of which the first server has looked for updates, and the second has installed one. */
async function fleetAtWork(t: Parameters<typeof Fleet.make>[0]): Promise<Fleet> {
  const fleet = await Fleet.make(t);
  assert.match((await fleet.runOn("prod-1", "cco update --check")).stdout, /New version available/);
  assert.equal((await fleet.runOn("prod-2", "cco update --yes")).code, 0);
  return fleet;
}

test(
  "check-updates-fleet.sh runs as it stands; the shipped one shows the channel too",
  { skip },
  async (t) => {
    const fleet = await fleetAtWork(t);
    const seed = await fleet.run(guideScript("# check-updates-fleet.sh"));
    assert.deepEqual([seed.code, seed.stderr], [0, ""]);
    const times = (update: string) => `  Last check: ${CHECKED} UTC\n  Last update: ${update}\n`;
    assert.match(seed.stdout, new RegExp(`^=== prod-1 ===\nCCO version ${OLD}\n[^=]*\n${times("Never")}===`));
    assert.match(
      seed.stdout,
      new RegExp(`\n=== prod-2 ===\nCCO version ${NEW}\n[^=]*\n${times(`${CHECKED} UTC`)}===`),
    );
    // It looks for `channel` where `cco config show` writes `Channel`.
    assert.doesNotMatch(seed.stdout, /Channel: stable/);
    const shipped = await fleet.run(await shippedScript("check-updates-fleet.sh"), "prod-1");
    assert.match(shipped.stdout, new RegExp(`\n  Channel: stable\n${times("Never")}$`));
  },
);

test("status-report.sh runs as it stands; the shipped one fills in the channel", { skip }, async (t) => {
  const fleet = await fleetAtWork(t);
  const seed = await fleet.run(guideScript("# status-report.sh"));
  assert.deepEqual([seed.code, seed.stderr], [0, ""]);
  const line = (start: string) => new RegExp(`^${start} Last check: ${CHECKED} UTC$`, "m");
  assert.match(seed.stdout, line(`prod-2 {5}Version: CCO version ${NEW} Channel: {9}`));
  const shipped = await fleet.run(await shippedScript("status-report.sh"), ...SERVERS);
  assert.match(shipped.stdout, line(`prod-1 {5}Version: ${OLD} {4}Channel: stable {2}`));
  assert.match(shipped.stdout, line(`prod-2 {5}Version: ${NEW} {4}Channel: stable {2}`));
  assert.match(shipped.stdout, /^prod-3 .* Last check: Never$/m);
});

test("monitor-updates.sh runs as it stands", { skip }, async (t) => {
  const fleet = await fleetAtWork(t);
  const report = join(fleet.folder, "cco_updates.txt");
  // Its fixed path would be shared with every other run on this machine.
  const script = guideScript("# monitor-updates.sh").replaceAll("/tmp/cco_updates.txt", report);
  const { code } = await fleet.run(script);
  assert.equal(code, 0);
  const entry = (server: string, version: string, checked: string) =>
    `  server="${server}":\n    version="${version}"\n    last_check="${checked}"\n    channel="stable"\n`;
  const entries = entry("prod-1", OLD, CHECKED) + entry("prod-2", NEW, CHECKED) +
    entry("prod-3", OLD, "Never ");
  assert.match(await Deno.readTextFile(report), new RegExp(`^update_status {\n${entries}}\n$`));
});

test("setup-cco-updates.sh runs as it stands, on one server and through ssh on all", { skip }, async (t) => {
  const fleet = await Fleet.make(t);
  const script = guideScript("# setup-cco-updates.sh");
  const { code, stdout } = await fleet.runOn("prod-1", script);
  assert.equal(code, 0);
  const settings = [
    "✅ Configuration updated: updates.enabled = false",
    "✅ Configuration updated: updates.check_interval = never",
    "✅ Configuration updated: updates.auto_install = false",
    "✅ Configuration updated: updates.channel = stable",
    "Final configuration:",
    "Update Configuration:",
    "  Enabled: false",
    "  Auto-install: false",
    "  Check interval: never",
    "  Channel: stable",
    "  Last check: Never",
    "  Last update: Never",
  ];
  assert(stdout.startsWith(settings.join("\n") + "\n"), stdout);
  await Deno.writeTextFile(join(fleet.folder, "servers.txt"), "prod-2\nprod-3\n");
  await Deno.writeTextFile(join(fleet.folder, "setup-cco-updates.sh"), script);
  const all = await fleet.run(guideScript("for server in $(cat servers.txt)"));
  assert.equal(all.stdout.split(settings.join("\n")).length, 3);
  const text =
    '[updates]\nenabled = false\ncheck_interval = "never"\nauto_install = false\nchannel = "stable"\n';
  for (const server of SERVERS) assert.equal(await Deno.readTextFile(fleet.configFile(server)), text);
});

/** A fleet whose servers have settings, each its own. */
async function fleetWithSettings(t: Parameters<typeof Fleet.make>[0]): Promise<Fleet> {
  const fleet = await Fleet.make(t);
  for (const server of SERVERS) {
    await fleet.runOn(server, "cco config set updates.channel stable");
    await Deno.writeTextFile(fleet.configFile(server), settingsOf(server));
  }
  return fleet;
}

function settingsOf(server: string): string {
  return `# ${server}'s\n[updates]\nchannel = "beta" # for now\n`;
}

test(
  "backup-cco-config.sh and the restore run as they stand where homes have the same path",
  { skip },
  async (t) => {
    const fleet = await fleetWithSettings(t);
    // Your shell, not the server's, says what the guide's `~` is.
    fleet.home = fleet.homeOf("prod-2");
    const backup = await fleet.run(guideScript("# backup-cco-config.sh"));
    const [folder] = await namesIn(join(fleet.folder, "backups"));
    assert.deepEqual([backup.code, backup.stdout], [0, `Backed up to: backups/${folder}\n`]);
    await fleet.runOn("prod-2", "cco config set updates.channel stable");
    const variables = `BACKUP_DIR=backups/${folder} server=prod-2\n`;
    const restored = await fleet.run(variables + guideScript("scp $BACKUP_DIR"));
    assert.match(restored.stdout, /^ {2}Channel: beta$/m);
    for (const server of SERVERS) {
      assert.equal(await Deno.readTextFile(fleet.configFile(server)), settingsOf(server));
    }
  },
);

test(
  "the shipped backup-cco-config.sh saves and restores every server's own settings",
  { skip },
  async (t) => {
    const fleet = await fleetWithSettings(t);
    const script = await shippedScript("backup-cco-config.sh");
    const backup = await fleet.run(script, ...SERVERS);
    const [folder] = await namesIn(join(fleet.folder, "backups"));
    assert.deepEqual([backup.code, backup.stdout], [0, `Backed up to: backups/${folder}\n`]);
    for (const server of SERVERS) await fleet.runOn(server, "cco config set updates.channel nightly");
    const restored = await fleet.run(script, "--restore", `backups/${folder}`, ...SERVERS);
    assert.deepEqual([restored.code, restored.stdout], [0, "✅ Configuration is valid\n".repeat(3)]);
    for (const server of SERVERS) {
      assert.equal(await Deno.readTextFile(fleet.configFile(server)), settingsOf(server));
    }
  },
);

test("audit-updates.sh runs as it stands where files have the servers' names; the shipped one anywhere", {
  skip,
}, async (t) => {
  const fleet = await fleetAtWork(t);
  const log = join(fleet.folder, "update-audit.log");
  assert.equal((await fleet.run(guideScript("# audit-updates.sh"))).code, 0);
  const lines = new RegExp(
    `^.+: prod-1 updated to ${OLD} on Never *\n.+: prod-2 updated to ${NEW} on ${CHECKED}\n.+: prod-3 .+\n$`,
  );
  assert.match(await Deno.readTextFile(log), lines);
  await Deno.remove(log);
  // Anywhere else the shell finds no file for `prod-*` and takes it for a server.
  const elsewhere = await fleet.run(`mkdir elsewhere; cd elsewhere\n${guideScript("# audit-updates.sh")}`);
  assert.equal(elsewhere.code, 0);
  const missed = await Deno.readTextFile(join(fleet.folder, "elsewhere/update-audit.log"));
  assert.match(missed, /^.+: prod-\* updated to {2}on \n$/);
  assert.equal((await fleet.run(await shippedScript("audit-updates.sh"), ...SERVERS)).code, 0);
  assert.match(await Deno.readTextFile(log), lines);
});

test("the check of update-cco.sh finds nothing where nothing is new", { skip }, async (t) => {
  const fleet = await fleetAtWork(t);
  const { code, stdout } = await fleet.runOn("prod-2", guideScript("sleep 2"));
  assert.deepEqual({ code, stdout }, {
    code: 0,
    stdout: "Checking for CCO updates...\nNo updates available\n",
  });
});

test("the guide's switches for a stuck fleet run as they stand", { skip }, async (t) => {
  const fleet = await Fleet.make(t);
  const script = guideScript("# Temporarily disable updates").replace(/^ssh prod-1 curl.*$/m, "");
  const { code, stdout } = await fleet.run(script);
  assert.equal(code, 0);
  assert.equal(stdout.match(/updates\.enabled = false$/gm)?.length, 3);
  assert.equal(stdout.match(/updates\.enabled = true$/gm)?.length, 3);
});
