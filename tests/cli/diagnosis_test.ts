/** `cco doctor` and `cco explain`. */

import assert from "node:assert/strict";
import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { freePort } from "../support/free_port.ts";
import { testKey } from "../support/signed_release.ts";
import { scriptOf, TestWorld } from "./world.ts";

/** A world in which all is well. */
async function healthyWorld(): Promise<TestWorld> {
  const world = await TestWorld.make();
  const key = await testKey(7);
  world.build = { ...world.build, kind: "release", keys: [key.publicKey.text], allowUnsigned: false };
  world.env["PATH"] = `/usr/bin:${join(world.home, ".local/bin")}`;
  await world.publish([{ version: "2025.11.2" }], { key });
  return world;
}

test("cco doctor exits 0 when all is well", async () => {
  await using world = await healthyWorld();
  const { code, stdout, stderr } = await world.run("doctor");
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" }, stdout);
  for (
    const name of [
      "Permissions",
      "Interrupted update",
      "Disk space",
      "PATH",
      "Settings",
      "State",
      "Signature keys",
      "Proxy",
      "Source",
      "Clock",
      "Manifest",
    ]
  ) {
    assert.match(stdout, new RegExp(`^ {2}✓ ${name}: `, "m"));
  }
  assert.match(stdout, /\n✅ All is well\n$/);
  assert.deepEqual(await world.installed(), ["cco"]);
});

const faults: [name: string, change: (world: TestWorld) => unknown, finding: RegExp, mend: RegExp][] = [
  [
    "an open folder",
    (world) => chmod(join(world.home, ".local/bin"), 0o777),
    /✗ Permissions: .*\.local\/bin is not safe/,
    /take that right away/,
  ],
  [
    "another cco on PATH",
    async (world) => {
      await writeFile(join(world.folder, "cco"), "other");
      world.env["PATH"] = `${world.folder}:${world.env["PATH"]}`;
    },
    /✗ PATH: cco is \/\S+\/cco, not this /,
    /Remove the other one/,
  ],
  [
    "no cco on PATH",
    (world) => world.env["PATH"] = "/usr/bin",
    /✗ PATH: there is no cco on it/,
    /cco install/,
  ],
  [
    "an interrupted update",
    (world) => writeFile(join(world.home, ".local/bin/.cco.update.json"), "torn"),
    /✗ Interrupted update: one was left in the middle/,
    /Run: cco update/,
  ],
  [
    "a damaged file",
    (world) => world.writeConfig("["),
    /✗ Settings: Configuration file is damaged/,
    /cco config edit/,
  ],
  [
    "a setting that cannot be used",
    (world) => world.writeConfig("[updates]\nenabled = 7\n"),
    /✗ Settings: Invalid boolean value: 7/,
    /cco config edit/,
  ],
  [
    "a damaged policy",
    (world) => writeFile(world.policyFile, "[", { mode: 0o644 }),
    /✗ Settings: Configuration file is damaged: \S+policy\.toml(?![^✗]*cco config edit)/,
    /mend or remove that file as root/,
  ],
  [
    "a value of the policy that cannot be used",
    (world) => writeFile(world.policyFile, "[updates]\nenabled = 7\n", { mode: 0o644 }),
    /✗ Settings: Invalid boolean value: 7(?![^✗]*cco config edit)/,
    /mend or remove that file as root/,
  ],
  [
    "a variable that cannot be used",
    (world) => world.env["CCO_UPDATES_ENABLED"] = "perhaps",
    /✗ Settings: Invalid boolean value: perhaps/,
    /unset CCO_UPDATES_ENABLED/,
  ],
  [
    "a file of certificates that is not there",
    (world) => world.writeConfig('[updates]\nca_file = "/nope/ca.pem"\n'),
    /✗ Settings: Invalid path: \/nope\/ca\.pem is not there/,
    /cco config edit/,
  ],
  [
    "a file where downloads are kept",
    async (world) => {
      await mkdir(join(world.home, ".local/state/cco"), { recursive: true });
      await writeFile(join(world.home, ".local/state/cco/downloads"), "");
    },
    /✗ State: \S+downloads is not a folder/,
    /Remove it: rm/,
  ],
  [
    "a channel that the manifest does not have",
    (world) => world.writeConfig('[updates]\nchannel = "nightly"\n'),
    /✗ Channel: \S+ has no channel nightly, only stable/,
    /cco config edit/,
  ],
  [
    "a backup that is no program",
    (world) => writeFile(join(world.home, ".local/bin/cco.backup"), "x\n"),
    /✗ Previous version: \S+cco\.backup is not a program/,
    /Remove it/,
  ],
  [
    "a proxy that nothing answers at",
    async (world) => {
      world.env["HTTP_PROXY"] = `http://127.0.0.1:${await freePort()}`;
      await rm(join(world.folder, "releases/version-manifest.json"));
    },
    /✗ Proxy: http:\/\/127\.0\.0\.1:\d+\/? \(HTTP_PROXY\): nothing answers there/,
    /unset HTTP_PROXY/,
  ],
  [
    "no manifest",
    (world) => rm(join(world.folder, "releases/version-manifest.json")),
    /✗ Source: .*version-manifest\.json/,
    /Check the address in updates\.sources/,
  ],
  [
    "a clock that is ahead",
    (world) => {
      const { now } = world.runtime;
      world.runtime = { ...world.runtime, now: () => now() + 2 * 3_600_000 };
    },
    /✗ Clock: 2h ahead of the source/,
    /Set the clock/,
  ],
  [
    "a full disk",
    (world) => {
      const { fs } = world.runtime;
      world.runtime = { ...world.runtime, fs: { ...fs, freeSpace: () => Promise.resolve(10) } };
    },
    /✗ Disk space: 10 B free/,
    /Make room/,
  ],
  [
    "a state folder that is none",
    async (world) => {
      await mkdir(join(world.home, ".local/state"), { recursive: true });
      await writeFile(join(world.home, ".local/state/cco"), "");
    },
    /✗ State: /,
    /writable for this user/,
  ],
];

for (const [name, change, finding, mend] of faults) {
  test(`cco doctor finds ${name} and says how to mend it`, async () => {
    await using world = await healthyWorld();
    await change(world);
    const { code, stdout } = await world.run("doctor");
    assert.equal(code, 1, stdout);
    assert.match(stdout, finding);
    assert.match(stdout, mend);
    assert.match(stdout, /❌ \d problems? found\n$/);
  });
}

test("cco doctor says of a development build that it allows unsigned releases", async () => {
  await using world = await healthyWorld();
  world.build = { ...world.build, kind: "development", keys: [], allowUnsigned: true };
  const { code, stdout } = await world.run("doctor");
  assert.equal(code, 0, stdout);
  assert.match(stdout, /• Signature keys: this development build also installs unsigned releases/);
});

test("cco doctor says that a proxy does not answer also where the source does", async () => {
  await using world = await healthyWorld();
  world.env["HTTP_PROXY"] = `127.0.0.1:${await freePort()}`;
  const { code, stdout } = await world.run("doctor");
  assert.equal(code, 0, stdout);
  assert.match(stdout, /• Proxy: .* \(HTTP_PROXY\): nothing answers there/);
  world.env["HTTP_PROXY"] = world.address;
  assert.match((await world.run("doctor")).stdout, /✓ Proxy: /);
});

test("cco doctor names unknown keys of the policy and unknown variables", async () => {
  await using world = await healthyWorld();
  await writeFile(world.policyFile, '[updatess]\nchannel = "beta"\n', { mode: 0o644 });
  world.env["CCO_UPDATES_CHANEL"] = "beta";
  const { stdout } = await world.run("doctor");
  assert.match(
    stdout,
    /• Settings: Unknown configuration table: \[updatess\] in \S+\. Did you mean \[updates\]\?/,
  );
  assert.match(stdout, /• Settings: Unknown environment variable: CCO_UPDATES_CHANEL/);
});

test("cco doctor knows a package manager's installation (T26)", async () => {
  await using world = await healthyWorld();
  const cellar = join(world.folder, "Cellar/cco/2025.11.1/bin");
  await mkdir(cellar, { recursive: true });
  await writeFile(join(cellar, "cco"), scriptOf("2025.11.1"), { mode: 0o755 });
  world.runtime = { ...world.runtime, execPath: join(cellar, "cco") };
  const { code, stdout } = await world.run("doctor");
  assert.equal(code, 1);
  assert.match(stdout, /✗ Package manager: .* belongs to Homebrew/);
  assert.match(stdout, /brew upgrade cco/);
});

test("cco explain shows every rule with its verdict, for an unattended run", async () => {
  await using world = await healthyWorld();
  const key = await testKey(7);
  await world.publish([{ version: "2025.11.2", fields: { rollout: { percent: 0 } } }], { key });
  world.sit();
  world.env["NO_COLOR"] = "1";
  const { code, stdout } = await world.run("explain");
  assert.equal(code, 0);
  assert.match(stdout, /^Manifest: http:\S+ \(signed by [0-9A-F]+\)$/m);
  assert.match(stdout, /^Installed: 2025\.11\.1 on linux-x86_64, channel stable$/m);
  assert.match(stdout, /^ {2}✓ channel \(2025\.11\.2\): /m);
  assert.match(stdout, /^ {2}✗ rollout \(2025\.11\.2\): .*0\.00 %/m);
  assert.match(
    stdout,
    /\nNothing is offered\nOffered to a person who runs 'cco update' at a terminal: v2025\.11\.2\n$/,
  );
});

test("cco explain --as-if supposes another machine", async () => {
  await using world = await healthyWorld();
  const { stdout } = await world.run("explain --as-if version=2025.11.2");
  assert.match(stdout, /✗ newer \(2025\.11\.2\): it is the installed version/);
  const other = await world.run("explain --as-if platform=windows-x86_64,id=0123");
  assert.equal(other.code, 0);
  assert.match(other.stdout, /✓ newer \(2025\.11\.2\)/);
  assert.match(other.stdout, /✗ platform \(2025\.11\.2\): it has no file for windows-x86_64/);
  assert.match((await world.run("explain")).stdout, /\nOffered: v2025\.11\.2\n$/);
});

test("cco explain --as-if of another platform says nothing of this machine", async () => {
  await using world = await healthyWorld();
  const { stdout } = await world.run("explain --as-if platform=darwin-arm64");
  assert.match(stdout, /✗ platform \(2025\.11\.2\): it has no file for darwin-arm64 \(darwin, arm64\)/);
  assert.doesNotMatch(stdout, /\(linux|x86_64\):/);
});

test("cco explain asks every rule, also after one has said no, and names the window", async () => {
  await using world = await healthyWorld();
  const key = await testKey(7);
  const date = new Date(world.runtime.now() - 3_600_000).toISOString();
  await world.publish([{ version: "2025.11.2", fields: { date } }], { key });
  await world.writeConfig(
    '[updates]\npin = "~2025.10"\nminimum_age = "7d"\nwindow = "Mon 02:00-02:01 UTC"\n',
  );
  const { stdout } = await world.run("explain");
  assert.match(stdout, /^ {2}✗ pin \(2025\.11\.2\): it is outside the pinned range ~2025\.10$/m);
  assert.match(stdout, /^ {2}✗ minimum-age \(2025\.11\.2\): it is not yet old enough$/m);
  assert.match(
    stdout,
    /^ {2}• window: Mon 02:00-02:01 UTC: it has no effect while updates\.auto_install is false$/m,
  );
  assert.match(stdout, /\nNothing is offered\n$/);
  await world.writeConfig('[updates]\nauto_install = true\nwindow = "00:00-23:59 UTC"\n');
  const { document } = await world.json("explain");
  assert.deepEqual(Object.keys(document["window"] as object), ["text", "open", "used"]);
  assert.equal(document["offeredToPerson"], "2025.11.2");
});

test("cco explain refuses suppositions that it does not know", async () => {
  await using world = await healthyWorld();
  for (const facts of ["colour=red", "version", "version=one"]) {
    assert.equal((await world.run("explain", "--as-if", facts)).code, 2, facts);
  }
});

test("cco doctor shows no secret of a source that fails (T32)", async () => {
  await using world = await healthyWorld();
  for (const address of ["http://127.0.0.1:1/m.json?key=canary", "file:///nowhere/m.json?key=canary"]) {
    await world.writeConfig(`[updates]\nsources = ["${address}"]\n`);
    for (const flags of [[], ["--json"], ["--verbose"]]) {
      const { code, stdout, stderr } = await world.run("doctor", ...flags);
      assert.notEqual(code, 0);
      assert(stdout.includes(address.split("?")[0]!), stdout);
      assert(!(stdout + stderr).includes("canary"), stdout + stderr);
    }
  }
});

test("no command shows the secrets of an address for reports that is none (T32)", async () => {
  await using world = await healthyWorld();
  await world.writeConfig('[telemetry]\naddress = "http://ann:canary@one.example/?key=canary"\n');
  for (const command of ["config show", "config show --json", "config validate", "doctor", "doctor --json"]) {
    const { stdout, stderr } = await world.run(...command.split(" "));
    assert(!(stdout + stderr).includes("canary"), stdout + stderr);
  }
  const address = "http://ann:canary@one.example/?key=canary";
  const { stderr } = await world.run("config", "set", "telemetry.address", address);
  assert.match(stderr, /^Invalid address: http:\/\/\*{3}@one\.example\/\?\*{3}\. /);
});
