/**
 * The command-line contract against compiled executables: every block of output byte for byte, every exit code, every
 * message of `cco config`, and where files and values come from. What a bad release says is in `bad_release_test.ts`,
 * the service in `tests/live_service`.
 */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { systemRuntime } from "../../machine.ts";
import { besideName, installationOf } from "../../src/installation.ts";
import { claimInstallation } from "../../src/journal.ts";
import { fileDigest } from "../../scripts/build_cache.ts";
import { packExecutable } from "../../scripts/compile/archives.ts";
import { hostPlatform } from "../../scripts/compile/platforms.ts";
import { type Home, namesIn, type Output } from "../../scripts/demo/home.ts";
import { publishManifest } from "../../scripts/demo/release.ts";
import { CONFIG_ANSWERS, TIMES } from "../support/contract_config.ts";
import { RELEASE_KEY } from "../support/deno/compiled_version.ts";
import { NEW, OLD, type Published, published } from "../support/deno/published.ts";
import { leaveOut } from "../support/skipped.ts";

const UNIX = Deno.build.os === "windows" ? "some of the programs are shell scripts" : false;

/** Lines of the contract: what is asked, and the whole answer. */
type Asked = readonly (readonly [command: string, stdout: string])[];

test("what the contract shows of cco config is what a compiled cco prints", async (t) => {
  const { home } = await published(t);
  await writeState(home, TIMES);
  // The test's own source of releases would be shown as what it is, an override.
  const { CCO_UPDATES_SOURCES: _, ...env } = home.env;
  await answers(home, CONFIG_ANSWERS, env);
});

test("Never stands where there is no time yet", async (t) => {
  const { home } = await published(t);
  await answers(home, [
    ["config get updates.last_check", "updates.last_check = Never\n"],
    ["config get updates.last_update", "updates.last_update = Never\n"],
    ["version", `CCO version ${OLD}\nBuild: development\n${runtimeLine()}Last check: Never\n`],
    ["--version", `cco ${OLD}\n`],
    ["update --list-backups", "No backup version available\n"],
  ]);
});

test(
  "a new version that fails in its place is taken back, in the contract's words",
  { skip: UNIX },
  async (t) => {
    const release = await published(t);
    // It runs as the staged file and fails under its real name, which no probe before the swap can see.
    await publishScript(t, release, `case "$0" in */cco) echo broken; exit 3;; esac\necho "cco ${NEW}"`);
    const { home, old } = release;
    const { code, stdout, stderr } = await home.run("update", "--yes");
    assert.equal(
      stdout.slice(stdout.indexOf("→ Backing")),
      `→ Backing up current version...
→ Installing update...
⚠️  New binary verification failed, rolling back...
Update failed, rolled back to previous version
`,
    );
    assert.match(stderr, /^New binary verification failed: .*exit code 3.*broken.*\n$/);
    assert.equal(code, 5);
    assert.equal(await fileDigest(home.executable), old.sha256);
    assert.deepEqual(await home.installed(), ["cco"]);
  },
);

test("cco update --dry-run verifies, names what would be done, and stops", async (t) => {
  const { home, old } = await published(t);
  const { code, stdout } = await home.run("update", "--dry-run");
  assert.equal(code, 0);
  assert.equal(
    stdout.slice(stdout.indexOf("→ Extracting")),
    `→ Extracting archive...
ℹ️  Would install v${NEW} over v${OLD}: ${home.executable}
ℹ️  Would keep v${OLD} as ${home.executable}.backup
Nothing was changed
`,
  );
  assert.equal(await fileDigest(home.executable), old.sha256);
  assert.deepEqual(await home.installed(), ["cco"]);
});

test(
  "going back says to which version; cp of the backup goes back by hand, too",
  { skip: UNIX },
  async (t) => {
    const { home, old } = await published(t);
    assert.equal((await home.run("update", "--install", "--yes")).code, 0);
    const { stdout: backups } = await home.run("update", "--list-backups");
    assert.match(
      backups,
      new RegExp(`^${OLD}  \\d{4}-\\d\\d-\\d\\d .* UTC  [\\d.]+ MB  ${home.executable}\\.backup\n$`),
    );
    await answers(home, [
      ["update --rollback", `✅ Rolled back to previous version ${OLD}\n\nRestart CCO to use it.\n`],
      // What the last check found was found by another version.
      [
        "version",
        `CCO version ${OLD}\nBuild: development\n${runtimeLine()}Last check: ${await lastCheck(home)}\n`,
      ],
    ]);
    assert.equal((await home.run("update", "--yes")).code, 0);
    await Deno.copyFile(`${home.executable}.backup`, home.executable);
    assert.equal(await fileDigest(home.executable), old.sha256);
    assert.equal((await home.run("--version")).stdout, `cco ${OLD}\n`);
  },
);

/** A command that must fail: its exit code, and the beginning of its one line on standard error. */
type Refused = readonly (readonly [command: string, exit: number, stderr: string | RegExp])[];

const WRONG_SETTINGS: Refused = [
  ["config get updates.foo", 3, "Unknown configuration key: updates.foo"],
  ["config set updates.foo 1", 3, "Unknown configuration key: updates.foo"],
  [
    "config set updates.chanel beta",
    3,
    "Unknown configuration key: updates.chanel. Did you mean updates.channel?",
  ],
  ["config get channel", 3, "Unknown configuration key: channel. Did you mean updates.channel?"],
  ["config get UPDATES.PIN", 3, "Unknown configuration key: UPDATES.PIN. Did you mean updates.pin?"],
  ["config set updates.enabled maybe", 3, "Invalid boolean value: maybe"],
  [
    "config set updates.check_interval monthly",
    3,
    "Invalid interval: monthly. Use: hourly, daily, weekly, never",
  ],
  ["config set updates.channel experimental", 3, "Invalid channel: experimental. Use: stable, beta, nightly"],
  [
    "config set updates.verify_signatures false",
    3,
    "Invalid value: updates.verify_signatures cannot be false",
  ],
  ["config set updates.last_check now", 3, "updates.last_check is recorded by cco"],
];

test("wrong input to cco config exits 3 and leaves the file as it was", async (t) => {
  const { home } = await published(t);
  await writeConfig(home, "# mine\n[mine]\nx = 1\n");
  await refusals(home, WRONG_SETTINGS);
  assert.equal(await Deno.readTextFile(configFile(home)), "# mine\n[mine]\nx = 1\n");
});

const WRONG_LINES: Refused = [
  // Without a terminal and without --yes: a hint, and never a question that hangs.
  ["update", 2, "Cannot ask for consent without a terminal. Run 'cco update --yes'"],
  ["update --channel experimental", 2, "Invalid channel: experimental. Use: stable, beta, nightly"],
  ["update --version one", 2, "Invalid version: one. "],
  ["update --yes --version 1.0.0", 2, "Version not available"],
  ["updte", 2, "Unknown command: updte. Did you mean update?"],
  ["status", 2, "Unknown command: status. Did you mean daemon status?"],
  ["get updates.channel", 2, "Unknown command: get. Did you mean config get?"],
  ["frobnicate", 2, "Unknown command: frobnicate. Run 'cco --help'"],
  ["update --chekc", 2, "Unknown flag: --chekc. Did you mean --check?"],
  ["completions zhs", 2, "Unknown shell: zhs"],
  ["rollback", 5, "No backup version available"],
  ["daemon status", 1, /^$/],
  ["config show --config nowhere.toml", 3, "Configuration file does not exist: "],
];

test("a command line that cannot be carried out says why in one line, with the contract's exit code", async (t) => {
  const { home, old } = await published(t);
  await refusals(home, WRONG_LINES);
  assert.equal(await fileDigest(home.executable), old.sha256);
  assert.deepEqual(await home.installed(), ["cco"]);
});

test("an older version needs --allow-downgrade", async (t) => {
  const { home, server, manifest } = await published(t);
  manifest.latest["stable"] = OLD;
  await publishManifest(server, manifest, RELEASE_KEY);
  const ask = ["update", "--yes", "--version"] as const;
  assert.equal((await home.run(...ask, NEW)).code, 0);
  await refusals(home, [[`${ask.join(" ")} ${OLD}`, 2, "Downgrade refused: "]]);
  assert.equal((await home.run("--version")).stdout, `cco ${NEW}\n`);
  assert.equal((await home.run(...ask, OLD, "--allow-downgrade")).code, 0);
  assert.equal((await home.run("--version")).stdout, `cco ${OLD}\n`);
});

test("another update in progress is named by its process, exit code 5", async (t) => {
  const { home } = await published(t);
  await claim(home);
  const { code, stderr } = await home.run("update", "--yes");
  assert.match(stderr, new RegExp(`^Update already in progress: .*\\b${Deno.pid}\\b.*\n$`));
  assert.equal(code, 5);
});

test("a rollback that only a human can make exits 6 and names every file", { skip: UNIX }, async (t) => {
  const release = await published(t);
  // It runs as the staged file; in its place it fails, after it has destroyed what could be gone back to.
  await publishScript(t, release, `case "$0" in */cco) rm "$0.backup"; exit 3;; esac\necho "cco ${NEW}"`);
  const { home } = release;
  const { code, stderr } = await home.run("update", "--yes");
  assert.match(stderr, /^Rollback failed: .*\n$/);
  for (const name of ["/cco", "/cco.backup", "/.cco.update.json", "/.cco.new-"]) {
    assert(stderr.includes(dirname(home.executable) + name), `${name}: ${stderr}`);
  }
  assert.equal(code, 6);
});

test("a folder that cannot be written is named, with the mend, exit code 5", { skip: UNIX }, async (t) => {
  const { home } = await published(t);
  const folder = dirname(home.executable);
  const nobody = Deno.uid() === 0 ? 65534 : undefined;
  if (nobody !== undefined) {
    await new Deno.Command("chown", { args: ["-R", `${nobody}:${nobody}`, home.folder] }).output();
  }
  await Deno.chmod(folder, 0o555);
  const command = new Deno.Command(home.executable, {
    args: ["update", "--yes"],
    env: home.env,
    clearEnv: true,
    ...nobody === undefined ? {} : { uid: nobody, gid: nobody },
  });
  const { code, stderr } = await command.output();
  await Deno.chmod(folder, 0o755);
  const text = new TextDecoder().decode(stderr);
  assert.match(text, /^Failed to install new binary: .*permission denied.*fix the permissions.*\n$/);
  assert(text.includes(folder), text);
  assert.equal(code, 5);
  assert.deepEqual(await home.installed(), ["cco"]);
});

test("a server that asks for a pause is heard, and the person is told until when, exit code 4", async (t) => {
  const until = Math.ceil((Date.now() + 60 * 60 * 1000) / 1000);
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () =>
    new Response("", {
      status: 403,
      headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(until) },
    }));
  t.after(() => server.shutdown());
  const { home } = await published(t);
  const env = {
    ...home.env,
    CCO_UPDATES_SOURCES: `http://127.0.0.1:${server.addr.port}/version-manifest.json`,
  };
  const { code, stderr } = await runWith(home, env, "update", "--check");
  const said = /^Could not check for updates: .* asks for a pause; try again after (\S+)\n$/.exec(stderr)
    ?.[1];
  assert(Math.abs(Date.parse(said ?? "") / 1000 - until) < 60, stderr);
  assert.equal(code, 4);
});

const LAYERS:
  readonly (readonly [what: string, env: Record<string, string>, value: string, origin: string])[] = [
    ["the user's file", {}, "beta", "file: FILE"],
    [
      "a short variable",
      { CCO_AUTO_UPDATE_CHANNEL: "nightly" },
      "nightly",
      "environment: CCO_AUTO_UPDATE_CHANNEL",
    ],
    [
      "the key's own variable",
      { CCO_AUTO_UPDATE_CHANNEL: "nightly", CCO_UPDATES_CHANNEL: "stable" },
      "stable",
      "environment: CCO_UPDATES_CHANNEL",
    ],
  ];

test("the environment wins over the user's file, and that over the default", async (t) => {
  const { home } = await published(t);
  await answers(home, [["config get updates.channel", "updates.channel = stable\n"]]);
  await setting(home, "updates.channel", "beta");
  for (const [what, env, value, origin] of LAYERS) {
    const variables = { ...home.env, ...env };
    const get = await runWith(home, variables, "config", "get", "updates.channel");
    assert.equal(get.stdout, `updates.channel = ${value}\n`, what);
    const { stdout } = await runWith(home, variables, "config", "show", "--effective");
    const line = `updates.channel = ${value} (${origin.replace("FILE", configFile(home))})\n`;
    assert(stdout.includes(line), `${what}: ${stdout}`);
  }
});

test("a managed policy wins over everything, and set says so", async (t) => {
  const { home } = await published(t);
  const etc = join(home.folder, "etc");
  await Deno.mkdir(join(etc, "cco"), { recursive: true, mode: 0o755 });
  await Deno.writeTextFile(join(etc, "cco/policy.toml"), '[updates]\nchannel = "beta"\n', { mode: 0o644 });
  // In a place of its own, because /etc belongs to the machine.
  const managed = async (command: string) =>
    await output("unshare", {
      args: ["-rm", "sh", "-c", `mount --bind '${etc}' /etc && exec '${home.executable}' ${command}`],
      env: { ...home.env, CCO_UPDATES_CHANNEL: "nightly" },
      clearEnv: true,
    });
  const probe = await output("unshare", { args: ["-rm", "mount", "--bind", etc, "/etc"] })
    .catch((error) => ({ code: -1, stderr: String(error) }));
  if (probe.code !== 0) return leaveOut(t, `this machine lets nobody mount anything: ${probe.stderr}`);
  const { stdout } = await managed("config show");
  assert.match(stdout, /^ {2}Channel: beta$/m);
  assert.match(stdout, /\n\nManaged policy \(\/etc\/cco\/policy\.toml\):\n {2}updates\.channel = beta\n$/);
  const { code, stderr } = await managed("config set updates.channel stable");
  assert.match(stderr, /^Managed configuration key: updates\.channel is set by the policy .*policy\.toml/);
  assert.equal(code, 3);
  assert.deepEqual(await namesIn(dirname(configFile(home))), []);
});

test(
  "settings, state, executable and previous version lie where the contract says",
  { skip: UNIX },
  async (t) => {
    const { home } = await published(t);
    const { XDG_CONFIG_HOME: _, XDG_STATE_HOME: _state, ...env } = home.env;
    const at = (path: string) => join(home.folder, path);
    assert.equal((await runWith(home, env, "config", "path")).stdout, `${at(".config/cco/config.toml")}\n`);
    await runWith(home, env, "config", "set", "updates.enabled", "false");
    await runWith(home, env, "update", "--yes");
    assert.deepEqual(await namesIn(at(".config/cco")), ["config.toml"]);
    assert((await namesIn(at(".local/state/cco"))).includes("state.json"));
    assert.deepEqual(await namesIn(at(".local/bin")), ["cco", "cco.backup"]);
    // The times are recorded in the state, never in the settings.
    assert.doesNotMatch(await Deno.readTextFile(at(".config/cco/config.toml")), /last_/);
    const moved = { ...env, XDG_CONFIG_HOME: at("x"), XDG_STATE_HOME: at("y") };
    assert.equal((await runWith(home, moved, "config", "path")).stdout, `${at("x/cco/config.toml")}\n`);
    await runWith(home, moved, "update", "--check");
    assert((await namesIn(at("y/cco"))).includes("state.json"));
  },
);

async function answers(home: Home, asked: Asked, env = home.env): Promise<void> {
  for (const [command, stdout] of asked) {
    assert.deepEqual(
      await runWith(home, env, ...command.split(" ")),
      { code: 0, stdout, stderr: "" },
      command,
    );
  }
}

/** With words for people, and with `--json` as one document with the same exit code. */
async function refusals(home: Home, refused: Refused): Promise<void> {
  for (const [command, exit, begins] of refused) {
    const { code, stderr } = await home.run(...command.split(" "));
    const matches = typeof begins === "string" ? stderr.startsWith(begins) : begins.test(stderr);
    assert(matches, `${command}: ${stderr}`);
    assert(stderr.split("\n").length <= 2, `${command}: not one line: ${stderr}`);
    assert.equal(code, exit, command);
    const json = await home.run(...command.split(" "), "--json");
    assert.deepEqual([json.code, json.stderr], [exit, ""], command);
    const { error } = JSON.parse(json.stdout);
    if (typeof begins === "string") {
      assert(error.message.startsWith(begins) || command === "update", json.stdout);
    }
  }
}

async function runWith(home: Home, env: Record<string, string>, ...args: string[]): Promise<Output> {
  return await output(home.executable, { args, env, clearEnv: true });
}

async function output(path: string, options: Deno.CommandOptions): Promise<Output> {
  const { code, stdout, stderr } = await new Deno.Command(path, { ...options, stdin: "null" }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

async function setting(home: Home, key: string, value: string): Promise<void> {
  const { code, stderr } = await home.run("config", "set", key, value);
  assert.equal(code, 0, stderr);
}

function runtimeLine(): string {
  return `Runtime: deno ${Deno.version.deno} (${hostPlatform()})\n`;
}

async function lastCheck(home: Home): Promise<string> {
  const { stdout } = await home.run("config", "get", "updates.last_check");
  return stdout.trim().replace("updates.last_check = ", "");
}

function configFile(home: Home): string {
  return join(home.folder, ".config/cco/config.toml");
}

async function writeConfig(home: Home, text: string): Promise<void> {
  await Deno.mkdir(dirname(configFile(home)), { recursive: true });
  await Deno.writeTextFile(configFile(home), text, { mode: 0o600 });
}

async function writeState(home: Home, fields: object): Promise<void> {
  const folder = join(home.folder, ".local/state/cco");
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(join(folder, "state.json"), JSON.stringify(fields), { mode: 0o600 });
}

/** Claims the installation for an update by this process, as another `cco` would. */
async function claim(home: Home): Promise<void> {
  const runtime = systemRuntime();
  const installation = await installationOf(runtime, home.executable);
  await claimInstallation(runtime, installation, {
    from: { version: OLD, sha256: await fileDigest(home.executable) },
    to: { version: NEW, sha256: null },
    staged: besideName(runtime, installation, "new"),
  });
}

/** Publishes a script as the newer version, with its true digests. */
async function publishScript(
  t: TestContext,
  { server, manifest }: Published,
  command: string,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "cco-script-" });
  t.after(() => Deno.remove(folder, { recursive: true }));
  const [script, archive] = [join(folder, "cco"), join(folder, "archive.tar.gz")];
  await Deno.writeTextFile(script, `#!/bin/sh\n${command}\n`);
  await packExecutable(script, archive, "tar.gz");
  const facts = async (path: string) => ({
    sha256: await fileDigest(path),
    size: (await Deno.stat(path)).size,
  });
  manifest.versions[NEW]!.platforms[hostPlatform()] = {
    url: `${server.base}script.tar.gz`,
    ...await facts(archive),
    binary: { path: "cco", ...await facts(script) },
  };
  server.files.set("script.tar.gz", archive);
  await publishManifest(server, manifest, RELEASE_KEY);
}
