/**
 * The administrator guide's own scripts, taken from the guide and run unchanged with an `ssh` that runs locally. Those
 * that restart the daemon are run against compiled executables, elsewhere.
 */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { TestWorld } from "./world.ts";

const guide = await readFile(new URL("../fixtures/administrator_guide.txt", import.meta.url), "utf8");
const root = fileURLToPath(new URL("../../", import.meta.url));

/** The guide's script that has a text in it, as it stands there. */
function scriptWith(text: string): string {
  const blocks = [...guide.matchAll(/```bash\n([^]*?)```/g)].map((match) => match[1]!);
  const script = blocks.find((block) => block.includes(text));
  assert(script !== undefined, `the guide has no script with ${text}`);
  return script;
}

/** A world whose `cco`, `ssh` and `scp` are commands in a folder on PATH. */
async function fleet(): Promise<TestWorld> {
  const world = await TestWorld.make();
  const bin = join(world.folder, "bin");
  await mkdir(bin);
  const entry = join(world.folder, "entry.ts");
  await writeFile(
    entry,
    `import { runCli } from "${new URL("../../src/cli/run_cli.ts", import.meta.url)}";
import { openConsole } from "${new URL("../../src/cli/console.ts", import.meta.url)}";
import { systemRuntime } from "${new URL("../../machine.ts", import.meta.url)}";
const runtime = { ...systemRuntime(), os: "linux", arch: "x86_64", libc: "gnu", execPath: ${
      JSON.stringify(world.executable)
    } };
Deno.exit(await runCli({ build: ${JSON.stringify(world.build)}, runtime, terminal: openConsole() }));
`,
  );
  const commands = {
    cco: `exec '${process.execPath}' run -A --no-check --quiet --config '${root}deno.json' '${entry}' "$@"`,
    // As ssh does: the words after the server, joined, are a command line for its shell.
    ssh: 'shift; if [ "$#" -eq 0 ]; then exec sh; fi; exec sh -c "$*"',
    scp: 'eval "cp $1 ${2#*:}"',
  };
  for (const [name, script] of Object.entries(commands)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  return world;
}

async function runScript(world: TestWorld, script: string, ...args: string[]): Promise<string> {
  const path = join(world.folder, "script.sh");
  await writeFile(path, script);
  const denoDir = process.env["DENO_DIR"] ?? join(process.env["HOME"] ?? "/root", ".cache/deno");
  const { stdout } = await promisify(execFile)("/bin/bash", [path, ...args], {
    cwd: world.folder,
    env: {
      HOME: world.home,
      DENO_DIR: denoDir,
      DENO_NO_UPDATE_CHECK: "1",
      PATH: `${join(world.folder, "bin")}:/usr/bin:/bin`,
    },
  });
  return stdout;
}

const STATE = { last_check: "2025-11-17T14:32:15Z", last_update: "2025-11-10T09:22:03Z" };

test("check-updates-fleet.sh runs as it stands; the shipped one shows the channel too", async () => {
  await using world = await fleet();
  await world.writeState(STATE);
  const seed = await runScript(world, scriptWith("# check-updates-fleet.sh"));
  assert.match(seed, /=== prod-3 ===\nCCO version 2025\.11\.1\n/);
  assert.equal(seed.match(/ {2}Last update: 2025-11-10 09:22:03 UTC/g)?.length, 3);
  // It looks for `channel` where `cco config show` writes `Channel`.
  assert.doesNotMatch(seed, /Channel: stable/);
  const shipped = await readFile(`${root}deploy/scripts/check-updates-fleet.sh`, "utf8");
  const output = await runScript(world, shipped, "prod-1");
  assert.match(output, / {2}Channel: stable\n {2}Last check: 2025-11-17 14:32:15 UTC\n/);
});

test("status-report.sh runs as it stands; the shipped one fills in the channel", async () => {
  await using world = await fleet();
  await world.writeState(STATE);
  const seed = await runScript(world, scriptWith("# status-report.sh"));
  assert.match(
    seed,
    /^prod-1 {5}Version: CCO version 2025\.11\.1 Channel: {10}Last check: 2025-11-17 14:32:15 UTC$/m,
  );
  const shipped = await readFile(`${root}deploy/scripts/status-report.sh`, "utf8");
  assert.match(
    await runScript(world, shipped, "prod-1"),
    /^prod-1 {5}Version: 2025\.11\.1 {4}Channel: stable {3}Last check: 2025-11-17 14:32:15 UTC$/m,
  );
});

test("monitor-updates.sh runs as it stands", async () => {
  await using world = await fleet();
  await world.writeState(STATE);
  const report = join(world.folder, "cco_updates.txt");
  // Its fixed path would be shared with every other run on this machine.
  const script = scriptWith("# monitor-updates.sh").replaceAll("/tmp/cco_updates.txt", report);
  await runScript(world, script);
  assert.match(
    await readFile(report, "utf8"),
    /server="prod-2":\n {4}version="2025\.11\.1"\n {4}last_check="2025-11-17 14:32:15"\n {4}channel="stable"\n/,
  );
});

test("setup-cco-updates.sh runs as it stands, here and through ssh", async () => {
  await using world = await fleet();
  const output = await runScript(world, scriptWith("# setup-cco-updates.sh"));
  assert.equal(output.match(/✅ Configuration updated: /g)?.length, 4);
  assert.match(output, /Final configuration:\nUpdate Configuration:\n {2}Enabled: false\n/);
  await writeFile(join(world.folder, "servers.txt"), "prod-1\nprod-2\n");
  await writeFile(join(world.folder, "setup-cco-updates.sh"), scriptWith("# setup-cco-updates.sh"));
  const everywhere = await runScript(world, scriptWith("for server in $(cat servers.txt)"));
  assert.equal(everywhere.match(/Final configuration:/g)?.length, 2);
});

test("backup-cco-config.sh and the restore run as they stand", async () => {
  await using world = await fleet();
  const before = '# mine\n[updates]\nchannel = "beta" # for now\n';
  await world.writeConfig(before);
  const backup = scriptWith("# backup-cco-config.sh");
  const output = await runScript(world, backup);
  const [folder] = await readdir(join(world.folder, "backups"));
  assert.equal(output.trim(), `Backed up to: backups/${folder}`);
  await world.run("config set updates.channel stable");
  const variables = `BACKUP_DIR=backups/${folder} server=prod-2\n`;
  const restored = await runScript(world, variables + scriptWith("scp $BACKUP_DIR"));
  assert.match(restored, / {2}Channel: beta\n/);
  assert.equal(await world.readConfig(), before);
});

test("audit-updates.sh runs as it stands", async () => {
  await using world = await fleet();
  await world.writeState(STATE);
  await runScript(world, scriptWith("# audit-updates.sh"));
  const log = await readFile(join(world.folder, "update-audit.log"), "utf8");
  assert.match(log, /: prod-\* updated to 2025\.11\.1 on 2025-11-10 09:22:03\n$/);
});

test("the check of update-cco.sh finds an update, and none", async () => {
  await using world = await fleet();
  await world.publish([{ version: "2025.11.2" }]);
  const script = scriptWith("sleep 2").replace(/ {4}cco update --yes[^]*?\nelse/, "\nelse");
  assert.match(await runScript(world, script), /Update available, installing\.\.\.\n$/);
  await world.publish([{ version: "2025.11.1" }]);
  assert.match(await runScript(world, script), /No updates available\n$/);
});
