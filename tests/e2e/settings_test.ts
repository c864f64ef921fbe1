/** Settings of a compiled `cco`: every key from every layer, what each does to an update, and files that are not as they should be. */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse } from "smol-toml";
import { type Home, namesIn, type Output } from "../../scripts/demo/home.ts";
import { publishManifest, type ReleaseManifest } from "../../scripts/demo/release.ts";
import { variableOf } from "../../src/config/load_settings.ts";
import { displayValue, SETTING_KEYS, type SettingKey, settingOf } from "../../src/config/settings.ts";
import { RELEASE_KEY } from "../support/deno/compiled_version.ts";
import { SKIP_SESSIONS, terminalSession } from "../support/deno/pseudo_terminal.ts";
import { NEW, OLD, published } from "../support/deno/published.ts";
import { leaveOut } from "../support/skipped.ts";

const UNIX = Deno.build.os === "windows" ? "files have no owner there" : false;
const DAY = 24 * 60 * 60 * 1000;

/** A value of every key that is not its default; a key without one here fails the first test below. */
const VALUES: Readonly<Record<string, string>> = {
  "updates.enabled": "false",
  "updates.auto_install": "true",
  "updates.check_interval": "6h",
  "updates.channel": "beta",
  "updates.notify_on_update": "false",
  "updates.verify_signatures": "true",
  "updates.sources": "https://a.example/m.json,github:a/b",
  "updates.minimum_age": "7d",
  "updates.window": "Tue 02:00-04:00 UTC",
  "updates.pin": "~2025.11",
  "updates.keep_backups": "3",
  "updates.ca_file": "/etc/ssl/corporate.pem",
  "updates.proxy": "http://proxy.example:8080",
  "service.port": "3001",
  "service.host": "::1",
  "service.probation": "90s",
  "telemetry.enabled": "true",
  "telemetry.address": "https://a.example/results",
};

test("every key is set, shown with where it comes from, valid in the published schema, and unset again", async (t) => {
  const { home } = await published(t);
  const env = withoutSources(home);
  for (const key of SETTING_KEYS) {
    const value = valueOf(key);
    const set = await runWith(home, env, "config", "set", key, ...value.split(" "));
    assert.deepEqual(set, {
      code: 0,
      stdout: `✅ Configuration updated: ${key} = ${value}\n`,
      stderr: "",
    });
    assert.equal((await runWith(home, env, "config", "get", key)).stdout, `${key} = ${value}\n`);
  }
  const schema = JSON.parse(
    await Deno.readTextFile(new URL("../../docs/schemas/config.schema.json", import.meta.url)),
  );
  const validate = new Ajv2020({ allowUnionTypes: true, strict: false }).compile(schema);
  assert(validate(parse(await Deno.readTextFile(configFile(home)))), JSON.stringify(validate.errors));
  const effective = await runWith(home, env, "config", "show", "--effective");
  const lines = SETTING_KEYS.map((key) => `${key} = ${valueOf(key)} (file: ${configFile(home)})\n`);
  assert.equal(effective.stdout, lines.join(""));
  for (const key of SETTING_KEYS) {
    assert.equal((await runWith(home, env, "config", "unset", key)).code, 0);
    if (key === "updates.sources") continue;
    const shown = displayValue(settingOf(key).default);
    assert.equal((await runWith(home, env, "config", "get", key)).stdout, `${key} = ${shown}\n`);
  }
  const left = Object.values(parse(await Deno.readTextFile(configFile(home))));
  assert(left.every((table) => Object.keys(Object(table)).length === 0), JSON.stringify(left));
});

test("every key has its own variable in the environment", async (t) => {
  const { home } = await published(t);
  const variables = Object.fromEntries(SETTING_KEYS.map((key) => [variableOf(key), valueOf(key)]));
  const { stdout } = await runWith(home, { ...home.env, ...variables }, "config", "show", "--effective");
  const lines = SETTING_KEYS.map((key) => `${key} = ${valueOf(key)} (environment: ${variableOf(key)})\n`);
  assert.equal(stdout, lines.join(""));
});

const OFFERED = /ℹ️ {2}New version available: v2025\.11\.2\n/;
const HELD_BACK = /ℹ️ {2}Version v2025\.11\.2 is not offered to this machine: /;

/** What a key does to an update: a change of what is published, and what is offered then. */
const EFFECTS: readonly (readonly [
  key: SettingKey,
  value: string,
  does: string,
  change: (manifest: ReleaseManifest) => void,
  says: RegExp,
])[] = [
  ["updates.channel", "beta", "follows that channel", ({ latest }) => {
    latest["beta"] = NEW;
    latest["stable"] = OLD;
  }, OFFERED],
  ["updates.minimum_age", "7d", "waits for a new release to grow old", () => {}, HELD_BACK],
  ["updates.minimum_age", "7d", "takes an older one", ({ versions }) => {
    versions[NEW]!["date"] = new Date(Date.now() - 8 * DAY).toISOString();
  }, OFFERED],
  ["updates.pin", "~2025.10", "keeps what is outside away", () => {}, HELD_BACK],
  ["updates.pin", "~2025.11", "takes what is inside", () => {}, OFFERED],
];

for (const [key, value, does, change, says] of EFFECTS) {
  test(`${key} = ${value} ${does}`, async (t) => {
    const { home, server, manifest } = await published(t);
    change(manifest);
    await publishManifest(server, manifest, RELEASE_KEY);
    assert.equal((await home.run("config", "set", key, value)).code, 0);
    const { code, stdout } = await home.run("update", "--check");
    assert.equal(code, 0);
    assert.match(stdout, says);
  });
}

test("updates.sources are tried in order; the next one serves where one does not answer", async (t) => {
  const { home, server } = await published(t);
  const manifest = `${server.base}version-manifest.json`;
  const set = await home.run("config", "set", "updates.sources", "http://127.0.0.1:1/m.json", manifest);
  assert.equal(set.code, 0, set.stderr);
  const { code, stdout } = await runWith(home, withoutSources(home), "update", "--yes");
  assert.equal(code, 0);
  assert.match(stdout, /✅ Successfully updated to v2025\.11\.2\n/);
});

test("updates.sources takes a folder, too: file:///", { skip: UNIX }, async (t) => {
  const { home, server, manifest } = await published(t);
  const folder = join(home.folder, "releases");
  await Deno.mkdir(folder);
  const [asset] = Object.values(manifest.versions[NEW]!.platforms);
  const name = String(asset!["url"]).split("/").at(-1)!;
  asset!["url"] = name;
  await publishManifest(server, manifest, RELEASE_KEY);
  for (const file of ["version-manifest.json", "version-manifest.json.minisig"]) {
    const published = server.files.get(file);
    assert(typeof published === "object");
    await Deno.writeTextFile(join(folder, file), published.text);
  }
  await Deno.copyFile(server.files.get(name) as string, join(folder, name));
  await home.run("config", "set", "updates.sources", `file://${folder}/version-manifest.json`);
  const { code, stdout, stderr } = await runWith(home, withoutSources(home), "update", "--yes");
  assert.equal(code, 0, stderr);
  assert.match(stdout, /✅ Successfully updated to v2025\.11\.2\n/);
});

test("updates.notify_on_update: one line in a terminal, once a day, and never for programs", {
  skip: SKIP_SESSIONS,
}, async (t) => {
  const { home } = await published(t);
  await home.run("update", "--check");
  const news = /New version available: v2025\.11\.2\. Run 'cco update' to install/;
  const look = async (words = "config get updates.channel", env = {}) =>
    (await terminalSession(`'${home.executable}' ${words}`, { env: { ...home.env, ...env } })).screen;
  assert.doesNotMatch(await look("config get updates.channel --json"), news);
  assert.doesNotMatch(await look("config get updates.channel --quiet"), news);
  assert.doesNotMatch(await look("config get updates.channel", { CI: "true" }), news);
  assert.doesNotMatch(await look("config get updates.channel", { CCO_UPDATES_NOTIFY_ON_UPDATE: "no" }), news);
  assert.doesNotMatch(await look("config get updates.channel | cat"), news);
  assert.match(await look(), news);
  assert.doesNotMatch(await look(), news);
});

/** Files that are not as they should be, what is said of them, and who owns them when it is not this user. */
const BAD_FILES:
  readonly (readonly [what: string, make: (path: string) => Promise<unknown>, says: RegExp])[] = [
    ["no TOML", (path) => Deno.writeTextFile(path, "[updates"), /^Configuration file is damaged: .*line 1/],
    ["not UTF-8", (path) => Deno.writeFile(path, new Uint8Array([0xff, 0xfe, 0])), /is not UTF-8 text/],
    [
      "huge",
      (path) => Deno.writeTextFile(path, "# x\n".repeat(100_000)),
      /^Configuration file is too large: .*256 KiB/,
    ],
    [
      "writable for others",
      async (path) => {
        await Deno.writeTextFile(path, "");
        await Deno.chmod(path, 0o666);
      },
      /others may write to .*\. Run: chmod go-w/,
    ],
    ["a folder", (path) => Deno.mkdir(path), /^Configuration file is not a file: .* is a folder/],
    [
      "a value of the wrong kind",
      (path) => Deno.writeTextFile(path, "[updates]\nchannel = 7\n"),
      /^Invalid channel: 7/,
    ],
  ];

for (const [what, make, says] of BAD_FILES) {
  test(`a config file that is ${what} is refused, exit 3, and nothing is lost`, { skip: UNIX }, async (t) => {
    const { home } = await published(t);
    await Deno.mkdir(dirname(configFile(home)), { recursive: true });
    await make(configFile(home));
    for (const command of ["config show", "update --check", "update --yes"]) {
      const { code, stderr } = await home.run(...command.split(" "));
      assert.match(stderr, says, command);
      assert.equal(code, 3, command);
    }
    // What needs no settings goes on, and the way out works.
    assert.equal((await home.run("--version")).code, 0);
    assert.equal((await home.run("version")).code, 0);
    assert.equal((await home.run("config", "path")).stdout, `${configFile(home)}\n`);
    const reset = await home.run("config", "reset");
    assert.equal(reset.code, 0, reset.stderr);
    const [aside, ...others] = await namesIn(dirname(configFile(home)));
    assert(aside?.endsWith(".bak") && others.length === 0, `${aside} ${others}`);
    assert.equal((await home.run("config", "show")).code, 0);
  });
}

test("a config file of another user is refused", {
  skip: UNIX || (Deno.uid() === 0 ? false : "only root can give files away"),
}, async (t) => {
  const { home } = await published(t);
  await writeConfig(home, "[updates]\nchannel = 'beta'\n");
  await Deno.chown(configFile(home), 65534, 65534);
  const { code, stderr } = await home.run("config", "show");
  assert.match(stderr, /^Configuration file is refused: .* belongs to user 65534, not to user 0 or root/);
  assert.equal(code, 3);
});

test("a symbolic link stays one, and what it leads to is changed", { skip: UNIX }, async (t) => {
  const { home } = await published(t);
  const dotfile = join(home.folder, "dotfile.toml");
  await Deno.writeTextFile(dotfile, "# mine\n", { mode: 0o600 });
  await Deno.mkdir(dirname(configFile(home)), { recursive: true });
  await Deno.symlink(dotfile, configFile(home));
  assert.equal((await home.run("config", "set", "updates.channel", "beta")).code, 0);
  assert.equal(await Deno.readLink(configFile(home)), dotfile);
  assert.match(await Deno.readTextFile(dotfile), /^# mine\n[^]*channel = "beta"\n$/);
});

test(
  "a Kubernetes ConfigMap, mounted read-only, is obeyed, and everything works",
  { skip: UNIX },
  async (t) => {
    const { home } = await published(t);
    // As the kubelet lays it out: a folder with a time in its name, and links to it.
    const map = join(home.folder, "map");
    await Deno.mkdir(join(map, "..2025_11_17"), { recursive: true });
    const text = '[updates]\nenabled = false # by deployment\ncheck_interval = "never"\nchannel = "stable"\n';
    await Deno.writeTextFile(join(map, "..2025_11_17/config.toml"), text, { mode: 0o644 });
    await Deno.symlink("..2025_11_17", join(map, "..data"));
    await Deno.symlink("..data/config.toml", join(map, "config.toml"));
    await Deno.mkdir(dirname(configFile(home)), { recursive: true });
    const mount = `mount --bind '${map}' '${dirname(configFile(home))}' && ` +
      `mount -o remount,bind,ro '${dirname(configFile(home))}'`;
    const mounted = async (command: string) =>
      await output("unshare", {
        args: ["-rm", "sh", "-c", `${mount} && exec ${command}`],
        env: home.env,
        clearEnv: true,
      });
    const probe = await mounted("true").catch((error) => ({ code: -1, stderr: String(error) }));
    if (probe.code !== 0) return leaveOut(t, `this machine lets nobody mount anything: ${probe.stderr}`);
    const cco = async (command: string) => await mounted(`'${home.executable}' ${command}`);
    assert.equal((await cco("config get updates.check_interval")).stdout, "updates.check_interval = never\n");
    for (
      const command of ["config set updates.enabled true", "config reset", "config unset updates.channel"]
    ) {
      const { code, stderr } = await cco(command);
      assert.match(stderr, /^Configuration file cannot be written: .*(?:read-only|Read-only)/, command);
      assert.equal(code, 3, command);
    }
    const update = await cco("update --yes");
    assert.equal(update.code, 0, update.stderr);
    assert.match((await cco("config get updates.last_update")).stdout, /= \d{4}-\d\d-\d\d /);
    assert.equal(await Deno.readTextFile(join(map, "config.toml")), text);
    assert.deepEqual(await namesIn(map), ["..2025_11_17", "..data", "config.toml"]);
  },
);

function valueOf(key: SettingKey): string {
  const value = VALUES[key];
  assert(value !== undefined, `${key} is not tried here`);
  return value;
}

function withoutSources({ env }: Home): Record<string, string> {
  const { CCO_UPDATES_SOURCES: _, ...others } = env;
  return others;
}

function configFile(home: Home): string {
  return join(home.folder, ".config/cco/config.toml");
}

async function writeConfig(home: Home, text: string): Promise<void> {
  await Deno.mkdir(dirname(configFile(home)), { recursive: true });
  await Deno.writeTextFile(configFile(home), text, { mode: 0o600 });
}

async function runWith(home: Home, env: Record<string, string>, ...args: string[]): Promise<Output> {
  return await output(home.executable, { args, env, clearEnv: true });
}

async function output(path: string, options: Deno.CommandOptions): Promise<Output> {
  const { code, stdout, stderr } = await new Deno.Command(path, { ...options, stdin: "null" }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}
