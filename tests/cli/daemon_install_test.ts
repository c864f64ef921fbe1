/** `cco daemon install` and `uninstall`, with service managers that are played by this test. */

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { RunOptions, RunResult } from "../../machine.ts";
import { TestWorld } from "./world.ts";

/** What a tool prints and how it ends; all is well and silent unless it says something. */
type Tool = (args: readonly string[]) => { code?: number; text?: string } | undefined;

/** Plays the tools of the system; those that are not named are not there. */
function withTools(world: TestWorld, tools: Readonly<Record<string, Tool>>): string[] {
  const calls: string[] = [];
  const run = (path: string, { args }: RunOptions): Promise<RunResult> => {
    const name = path.replace(/^.*[/\\]/, "");
    calls.push([name, ...args].join(" "));
    const { code = 0, text = "" } = tools[name]!(args) ?? {};
    const stdout = new TextEncoder().encode(text);
    return Promise.resolve({ exitCode: code, stdout, stderr: new Uint8Array(), ended: undefined });
  };
  const bin = join(world.folder, "bin");
  mkdirSync(bin);
  for (const name of Object.keys(tools)) writeFileSync(join(bin, name), "");
  world.env["PATH"] = bin;
  world.runtime = { ...world.runtime, run };
  return calls;
}

const SYSTEMD: Tool = (args) => args.includes("is-system-running") ? { text: "running\n" } : undefined;

/** Everything below the home, with what is in it. */
async function home(world: TestWorld): Promise<Record<string, string>> {
  const entries = await readdir(world.home, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) =>
    join(parentPath, name)
  );
  const texts = await Promise.all(files.map(async (path) => [path, await readFile(path, "utf8")] as const));
  return Object.fromEntries(texts.sort(([a], [b]) => a < b ? -1 : 1));
}

test("cco daemon install writes a unit and starts it; again it changes nothing; uninstall undoes it", async () => {
  await using world = await TestWorld.make();
  const calls = withTools(world, { systemctl: SYSTEMD, "systemd-analyze": () => undefined });
  const before = await home(world);
  const unit = join(world.home, ".config/systemd/user/cco.service");

  const first = await world.run("daemon install --port 4000");
  assert.equal(first.code, 0, first.stderr);
  assert.match(
    first.stdout,
    new RegExp(`^✅ Service installed: ${unit}\nIt is started by systemd: now, and at login\\.\n`),
  );
  const text = await readFile(unit, "utf8");
  assert(text.includes(`ExecStart="${world.executable}" "run" "--port=4000"\n`), text);
  assert(text.includes(`Environment="HOME=${world.home}"\n`), text);
  assert.deepEqual(calls.splice(0), [
    "systemctl --user is-system-running",
    `systemd-analyze --user verify ${unit}`,
    "systemctl --user daemon-reload",
    "systemctl --user enable cco.service",
    "systemctl --user restart cco.service",
  ]);

  const second = await world.run("daemon install --port 4000");
  assert.equal(second.stdout.split("\n")[0], `✅ Already installed: ${unit}`);
  assert.deepEqual(calls.splice(0), [
    "systemctl --user is-system-running",
    "systemctl --user reset-failed cco.service",
    "systemctl --user start cco.service",
  ]);
  assert.equal(await readFile(unit, "utf8"), text);

  assert.equal(
    (await world.run("daemon install --port 4001")).stdout.split("\n")[0],
    `✅ Service installed: ${unit}`,
  );
  assert(calls.splice(0).includes("systemctl --user restart cco.service"));

  assert.equal((await world.run("daemon uninstall")).stdout, `✅ Service uninstalled: ${unit}\n`);
  assert.deepEqual(calls.splice(0), [
    "systemctl --user disable --now cco.service",
    "systemctl --user daemon-reload",
    "systemctl --user reset-failed cco.service",
  ]);
  assert.deepEqual(await home(world), before);
  assert.equal(
    (await world.run("daemon uninstall")).stdout,
    `✅ Nothing to uninstall: there is no ${unit}\n`,
  );
  assert.deepEqual(calls, []);
});

for (
  const [what, tools, message] of [
    ["a unit that systemd does not understand", {
      systemctl: SYSTEMD,
      "systemd-analyze": () => ({ code: 1, text: "other.service: bad\ncco.service:3: Unknown key" }),
    }, /^Cannot install the service: systemd says cco\.service:3: Unknown key\n$/],
    [
      "a service that does not start",
      {
        systemctl: (args: readonly string[]) =>
          args.includes("restart") ? { code: 1, text: "Job for cco.service failed." } : SYSTEMD(args),
      },
      /^Cannot install the service: 'systemctl --user restart cco\.service' failed: Job for cco\.service failed\.\n$/,
    ],
  ] as const
) {
  test(`cco daemon install leaves nothing of ${what}`, async () => {
    await using world = await TestWorld.make();
    const calls = withTools(world, tools);
    const before = await home(world);
    const { code, stderr } = await world.run("daemon install");
    assert.equal(code, 1);
    assert.match(stderr, message);
    assert.deepEqual(await home(world), before);
    assert(calls.includes("systemctl --user disable --now cco.service"), calls.join("\n"));
  });
}

for (
  const [where, tools, flags, message] of [
    [
      "no session of systemd",
      { systemctl: () => ({ code: 1, text: "Failed to connect to bus" }) },
      "",
      "your session has no systemd",
    ],
    [
      "a container",
      { systemctl: () => ({ code: 1, text: "offline\n" }) },
      " --system",
      "systemd does not run here (a container?)",
    ],
    ["no systemd at all", {}, " --system", "systemd does not run here (a container?)"],
  ] as const
) {
  test(`cco daemon install says what to do instead where there is ${where}`, async () => {
    await using world = await TestWorld.make();
    withTools(world, tools);
    const { code, stderr } = await world.run(`daemon install${flags}`);
    assert.equal(code, 1);
    assert(stderr.startsWith(`Cannot install the service: ${message}`), stderr);
    assert(stderr.includes("cco daemon start"), stderr);
    assert.deepEqual(await readdir(world.home), [".local"]);
  });
}

for (
  const [os, flags, file, sign] of [
    ["linux", "", "/.config/systemd/user/cco.service", "WantedBy=default.target"],
    ["linux", " --system", "/etc/systemd/system/cco.service", "WantedBy=multi-user.target"],
    ["darwin", "", "/Library/LaunchAgents/cco.service.plist", "<key>ProgramArguments</key>"],
    ["darwin", " --system", "/Library/LaunchDaemons/cco.service.plist", "<key>ProgramArguments</key>"],
    ["windows", "", "service-task.xml", "<LogonTrigger>"],
    ["windows", " --system", "service-task.xml", "<BootTrigger>"],
  ] as const
) {
  test(`cco daemon install${flags} --dry-run prints the file for ${os}, and does nothing`, async () => {
    await using world = await TestWorld.make();
    const calls = withTools(world, {});
    world.env["LOCALAPPDATA"] = "C:\\Users\\ann\\AppData\\Local";
    world.env["USERPROFILE"] = "C:\\Users\\ann";
    world.runtime = { ...world.runtime, os };
    const before = await home(world);
    const { code, stdout, stderr } = await world.run(`daemon install${flags} --dry-run`);
    assert.equal(code, 0, stderr);
    assert(stdout.split("\n")[0]!.includes(file), stdout);
    assert(stdout.includes(sign), stdout);
    assert(stdout.includes(world.executable));
    assert.deepEqual(calls, []);
    assert.deepEqual(await home(world), before);
  });
}

test("cco daemon install has launchd load the agent, and uninstall has it forget it", async () => {
  await using world = await TestWorld.make();
  const calls = withTools(world, { launchctl: () => undefined, plutil: () => undefined });
  world.runtime = { ...world.runtime, os: "darwin", uid: 501 };
  const file = join(world.home, "Library/LaunchAgents/cco.service.plist");
  assert.equal((await world.run("daemon install")).code, 0);
  assert.deepEqual(calls.splice(0), [
    "launchctl print gui/501",
    `plutil -lint ${file}`,
    "launchctl bootout gui/501/cco.service",
    `launchctl bootstrap gui/501 ${file}`,
  ]);
  assert.equal((await world.run("daemon uninstall")).code, 0);
  assert.deepEqual(calls, ["launchctl bootout gui/501/cco.service"]);
  assert.deepEqual(await readdir(join(world.home, "Library/LaunchAgents")), []);
});

test("the documents of install and uninstall have their published shapes", async () => {
  const schema = await readFile(
    new URL("../../docs/schemas/cli-output.schema.json", import.meta.url),
    "utf8",
  );
  const ajv = new Ajv2020({ allowUnionTypes: true, formats: { "date-time": true } });
  ajv.addSchema(JSON.parse(schema), "output");
  await using world = await TestWorld.make();
  withTools(world, { systemctl: SYSTEMD });
  for (
    const words of [
      "install --dry-run",
      "install",
      "install",
      "uninstall --dry-run",
      "uninstall",
      "uninstall",
    ]
  ) {
    const { code, document } = await world.json(`daemon ${words}`);
    assert.equal(code, 0, words);
    const name = `daemon ${words.split(" ")[0]}`;
    const validate = ajv.getSchema(`output#/$defs/${encodeURIComponent(name)}`)!;
    assert(validate(document), `${words}: ${ajv.errorsText(validate.errors)}`);
  }
});

test("start, stop and restart leave the service to the manager that it is installed with", async () => {
  await using world = await TestWorld.make();
  const calls = withTools(world, { systemctl: SYSTEMD });
  assert.equal((await world.run("daemon install")).code, 0);
  // This systemd starts nothing: that is said, and no service is started beside it.
  let now = 0;
  world.runtime = { ...world.runtime, now: () => now, wait: (ms) => Promise.resolve(void (now += ms)) };
  calls.splice(0);
  const { code, stderr } = await world.run("daemon restart");
  assert.equal(code, 1);
  assert.match(stderr, /^Cannot start the daemon: systemd has started it, and it did not answer in time/);
  // Asked once more: what keeps a service from starting is found out before anything is stopped.
  assert.deepEqual(calls, [
    "systemctl --user is-system-running",
    "systemctl --user is-system-running",
    "systemctl --user reset-failed cco.service",
    "systemctl --user start cco.service",
  ]);
});

for (
  const [flags, code] of [["--port abc", 2], ["--port 0", 2], ["--config absent.toml", 3]] as const
) {
  test(`cco daemon install writes no file with ${flags}, not even for a dry run`, async () => {
    await using world = await TestWorld.make();
    const calls = withTools(world, { systemctl: SYSTEMD });
    for (const dry of ["", " --dry-run"]) {
      assert.equal((await world.run(`daemon install ${flags}${dry}`)).code, code, dry);
    }
    assert.deepEqual(calls, []);
  });
}
