/** `cco config` beyond the contract's blocks. */

import assert from "node:assert/strict";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { splitCommand } from "../../src/cli/split_command.ts";
import { TestWorld } from "./world.ts";

test("config show names environment overrides and a managed policy under their own headings", async () => {
  await using world = await TestWorld.make();
  await writeFile(world.policyFile, '[updates]\nchannel = "stable"\n', { mode: 0o644 });
  world.env["CCO_AUTO_UPDATE"] = "false";
  assert.equal(
    (await world.run("config show")).stdout,
    `Update Configuration:
  Enabled: false
  Auto-install: false
  Check interval: daily
  Channel: stable
  Last check: Never
  Last update: Never

Environment overrides:
  updates.enabled = false (CCO_AUTO_UPDATE)

Managed policy (${world.policyFile}):
  updates.channel = stable
`,
  );
});

test("config show --effective shows every key with where its value comes from", async () => {
  await using world = await TestWorld.make();
  await world.writeConfig('[updates]\nchannel = "beta"\n');
  world.env["CCO_UPDATES_PIN"] = "~2025.11";
  const { stdout } = await world.run("config show --effective");
  assert.match(stdout, new RegExp(`^updates.channel = beta \\(file: ${world.configFile}\\)$`, "m"));
  assert.match(stdout, /^updates\.pin = ~2025\.11 \(environment: CCO_UPDATES_PIN\)$/m);
  assert.match(stdout, /^updates\.window = none \(default\)$/m);
  assert.match(stdout, /^updates\.sources = http:\/\/127\.0\.0\.1:\d+\/version-manifest\.json \(default\)$/m);
  assert.equal(stdout.trimEnd().split("\n").length, 18);
});

test("config set refuses a managed key and says so", async () => {
  await using world = await TestWorld.make();
  await writeFile(world.policyFile, '[updates]\nchannel = "stable"\n', { mode: 0o644 });
  const { code, stderr } = await world.run("config set updates.channel beta");
  assert.equal(code, 3);
  assert.match(stderr, /^Managed configuration key: updates\.channel is set by the policy .*policy\.toml/);
  assert.equal(await readFile(world.configFile, "utf8").catch(() => "none"), "none");
});

test("config set says when the environment overrides what was set", async () => {
  await using world = await TestWorld.make();
  world.env["CCO_AUTO_UPDATE_CHANNEL"] = "stable";
  const { code, stderr } = await world.run("config set updates.channel beta");
  assert.equal(code, 0);
  assert.match(stderr, /CCO_AUTO_UPDATE_CHANNEL in the environment overrides updates\.channel/);
});

test("config set takes several words for a value with spaces", async () => {
  await using world = await TestWorld.make();
  await world.run("config set updates.window Tue 02:00-04:00 UTC");
  await world.run("config set updates.sources https://a.example/m.json github:a/b");
  assert.equal(
    (await world.run("config get updates.window")).stdout,
    "updates.window = Tue 02:00-04:00 UTC\n",
  );
  assert.match(await world.readConfig(), /sources = \[ ?"https:\/\/a\.example\/m\.json", "github:a\/b" ?\]/);
});

test("config set mends a file whose value cannot be used", async () => {
  await using world = await TestWorld.make();
  await world.writeConfig("[updates]\nenabled = 7 # oops\n");
  assert.equal((await world.run("config show")).code, 3);
  assert.equal((await world.run("config set updates.enabled true")).code, 0);
  assert.equal(await world.readConfig(), "[updates]\nenabled = true # oops\n");
});

test("config set refuses a range that the SemVer library cannot read", async () => {
  await using world = await TestWorld.make();
  const { code, stderr } = await world.run("config set updates.pin =>>1");
  assert.equal(code, 3);
  assert.match(stderr, /^Invalid version range: =>>1/);
});

test("config set of a recorded key is refused", async () => {
  await using world = await TestWorld.make();
  const { code, stderr } = await world.run("config set updates.last_check now");
  assert.deepEqual({ code, stderr }, {
    code: 3,
    stderr: "updates.last_check is recorded by cco and cannot be set\n",
  });
});

test("config unset goes back to the default and keeps comments", async () => {
  await using world = await TestWorld.make();
  await world.writeConfig('# top\n[updates]\nchannel = "beta" # for me\n');
  const { stdout } = await world.run("config unset updates.channel");
  assert.equal(stdout, "✅ Configuration updated: updates.channel = stable (default)\n");
  assert.equal(await world.readConfig(), "# top\n[updates]\n# for me\n");
});

test("config path prints the path and nothing else", async () => {
  await using world = await TestWorld.make();
  assert.equal((await world.run("config path")).stdout, `${world.configFile}\n`);
  world.env["XDG_CONFIG_HOME"] = join(world.folder, "xdg");
  assert.equal((await world.run("config path")).stdout, `${join(world.folder, "xdg/cco/config.toml")}\n`);
});

test("--config names another file, relative to the current folder; a missing one is an error for readers", async () => {
  await using world = await TestWorld.make();
  const missing = await world.run("config show --config other.toml");
  assert.equal(missing.code, 3);
  assert.match(missing.stderr, /^Configuration file does not exist: .*other\.toml/);
  assert.equal((await world.run("config set updates.channel beta --config other.toml")).code, 0);
  assert.equal(
    (await world.run("config get updates.channel --config other.toml")).stdout,
    "updates.channel = beta\n",
  );
  assert.equal((await world.run("config get updates.channel")).stdout, "updates.channel = stable\n");
});

test("config reset puts a damaged file aside", async () => {
  await using world = await TestWorld.make();
  await world.writeConfig("damaged [");
  assert.equal((await world.run("update --check")).code, 3);
  const { code, stdout } = await world.run("config reset");
  assert.equal(code, 0);
  assert.match(
    stdout,
    /^✅ Configuration reset: the defaults apply\nThe previous settings are in \S+\.bak\n$/,
  );
  const [name] = await readdir(dirname(world.configFile));
  assert.equal(await readFile(join(dirname(world.configFile), name!), "utf8"), "damaged [");
});

test("config validate names every problem, exit code 3", async () => {
  await using world = await TestWorld.make();
  assert.equal((await world.run("config validate")).stdout, "✅ Configuration is valid\n");
  await world.writeConfig('[updates]\nenabled = 7\nchanel = "beta"\n[trust]\nkeys = []\n[mine]\nx = 1\n');
  const { code, stderr } = await world.run("config validate");
  assert.equal(code, 3);
  assert.match(stderr, /Invalid boolean value: 7/);
  assert.match(stderr, /Unknown configuration key: updates\.chanel\. Did you mean updates\.channel\?/);
  assert.match(stderr, /Unknown configuration key: trust\. Whom to trust is built into cco/);
  assert.doesNotMatch(stderr, /mine/);
});

test("an unknown key does not stop an older cco after a rollback", async () => {
  await using world = await TestWorld.make();
  await world.writeConfig('[updates]\nchannel = "beta"\nfrom_the_future = true\n');
  assert.equal((await world.run("config get updates.channel")).stdout, "updates.channel = beta\n");
});

test("a Kubernetes ConfigMap mount works: read, not written, state elsewhere", async () => {
  await using world = await TestWorld.make();
  await world.publish([{ version: "2025.11.2" }]);
  const folder = dirname(world.configFile);
  await mkdir(join(folder, "..2025"), { recursive: true });
  const text = `[updates]
enabled = false          # Updates handled by deployment
auto_install = false
check_interval = "never"
channel = "stable"
`;
  await writeFile(join(folder, "..2025/config.toml"), text, { mode: 0o444 });
  await symlink("..2025", join(folder, "..data"));
  await symlink("..data/config.toml", world.configFile);
  assert.equal(
    (await world.run("config get updates.check_interval")).stdout,
    "updates.check_interval = never\n",
  );
  assert.equal((await world.run("update --check")).code, 0);
  assert.match((await world.run("config get updates.last_check")).stdout, /\d{4}-/);
  const { code, stderr } = await world.run("config set updates.enabled true");
  assert.equal(code, 3);
  assert.match(stderr, /^Configuration file cannot be written: .*read-only/);
  assert.equal(await world.readConfig(), text);
});

const edits: [name: string, text: string, code: number, after: string, output: RegExp][] = [
  [
    "a good change",
    '[updates]\nchannel = "beta"\n',
    0,
    '[updates]\nchannel = "beta"\n',
    /^✅ Configuration updated\n$/,
  ],
  ["no change", "# mine\n", 0, "# mine\n", /^Configuration unchanged\n$/],
  [
    "a value that cannot be used",
    "[updates]\nenabled = 7\n",
    3,
    "# mine\n",
    /Invalid boolean value: 7.*Nothing was changed/,
  ],
  [
    "what is no TOML",
    "[updates",
    3,
    "# mine\n",
    /^Configuration file is damaged: (?!.*cco config).*\. Nothing was changed; what you wrote is in \S+\n$/,
  ],
  ["an unknown key", "[updates]\nchanel = 1\n", 3, "# mine\n", /Did you mean updates\.channel/],
];

for (const [name, text, code, after, expected] of edits) {
  test(`config edit with ${name}`, async () => {
    await using world = await TestWorld.make();
    await world.writeConfig("# mine\n");
    world.sit();
    world.env["NO_COLOR"] = "1";
    world.editor = async (path) => {
      await writeFile(path, text);
      return 0;
    };
    const answer = await world.run("config edit");
    assert.equal(answer.code, code);
    assert.match(answer.stdout + answer.stderr, expected);
    assert.equal(await world.readConfig(), after);
    const copies = (await readdir(dirname(world.configFile))).filter((file) => file.includes("edit"));
    assert.equal(copies.length, code === 0 ? 0 : 1, "what was typed in vain is kept");
  });
}

test("config edit needs a terminal", async () => {
  await using world = await TestWorld.make();
  const { code, stderr } = await world.run("config edit");
  assert.equal(code, 2);
  assert.match(stderr, /^Cannot open an editor without a terminal/);
});

test("the guide's set-up script leaves the configuration that it shows", async () => {
  await using world = await TestWorld.make();
  for (
    const [key, value] of [["enabled", "false"], ["check_interval", "never"], ["auto_install", "false"], [
      "channel",
      "stable",
    ]]
  ) {
    assert.equal((await world.run(`config set updates.${key} ${value}`)).code, 0);
  }
  assert.match(
    (await world.run("config show")).stdout,
    /Enabled: false\n {2}Auto-install: false\n {2}Check interval: never\n {2}Channel: stable\n/,
  );
  assert.equal(
    await world.readConfig(),
    '[updates]\nenabled = false\ncheck_interval = "never"\nauto_install = false\nchannel = "stable"\n',
  );
});

test("a damaged policy is not mended by commands that act on the user's own file", async () => {
  await using world = await TestWorld.make();
  await world.writeConfig('[updates]\nchannel = "beta"\n');
  const policies: [text: string | Uint8Array, why: RegExp][] = [
    ["[updates", /^Configuration file is damaged: \S+policy\.toml, line 1/],
    [new Uint8Array([0xff]), /^Configuration file is damaged: \S+policy\.toml is not UTF-8/],
    ["#".repeat(300 * 1024), /^Configuration file is too large: \S+policy\.toml/],
  ];
  for (const [text, why] of policies) {
    await writeFile(world.policyFile, text, { mode: 0o644 });
    for (const words of ["config show", "config validate", "config set updates.enabled true"]) {
      const { code, stderr } = await world.run(words);
      assert.equal(code, 3, words);
      assert.match(stderr, why);
      assert.match(stderr, /as root, or ask your administrator$/m);
      assert.doesNotMatch(stderr, /cco config/);
    }
  }
  assert.equal(await world.readConfig(), '[updates]\nchannel = "beta"\n');
});

test("a damaged file that --config names is mended under its name", async () => {
  await using world = await TestWorld.make();
  await writeFile(join(world.folder, "other.toml"), "[updates", { mode: 0o600 });
  for (const words of ["config show", "config set updates.enabled true"]) {
    const { code, stderr } = await world.run(`${words} --config other.toml`);
    assert.equal(code, 3);
    assert.match(
      stderr,
      /'cco config edit --config \S+other\.toml'.*'cco config reset --config \S+other\.toml'/,
    );
  }
});

test("config validate names what is unknown in a policy, exit code 3", async () => {
  await using world = await TestWorld.make();
  const policies: [text: string, problem: RegExp][] = [
    [
      '[updates]\nchanel = "beta"\n',
      /^Unknown configuration key: updates\.chanel in \S+policy\.toml\. Did you mean updates\.channel\?$/m,
    ],
    [
      '[updatess]\nchannel = "beta"\n',
      /^Unknown configuration table: \[updatess\] in \S+policy\.toml\. Did you mean \[updates\]\?$/m,
    ],
    ["[mine]\n", /^Unknown configuration table: \[mine\] in \S+policy\.toml\. There are updates, service, /m],
    ['channel = "beta"\n', /^Unknown configuration key: channel in \S+\. Did you mean updates\.channel\?$/m],
  ];
  for (const [text, problem] of policies) {
    await writeFile(world.policyFile, text, { mode: 0o644 });
    const { code, stderr } = await world.run("config validate");
    assert.equal(code, 3, text);
    assert.match(stderr, problem);
    assert.equal((await world.run("config show")).code, 0, "nothing else stops for it");
  }
});

const tables: [name: string, meant: string | undefined][] = [
  ["updatess", "updates"],
  ["update", "updates"],
  ["udpates", "updates"],
  ["Updates", "updates"],
  ["servise", "service"],
  ["server", undefined],
  ["mine", undefined],
];

for (const [name, meant] of tables) {
  test(`config validate takes the table [${name}] for ${meant ?? "somebody else's"}`, async () => {
    await using world = await TestWorld.make();
    await world.writeConfig(`[${name}]\nchannel = "beta"\n`);
    const { code, stderr } = await world.run("config validate");
    const message = meant === undefined
      ? ""
      : `Unknown configuration table: [${name}]. Did you mean [${meant}]?\n`;
    assert.deepEqual({ code, stderr }, { code: meant === undefined ? 0 : 3, stderr: message });
  });
}

test("config validate warns of variables that no setting has", async () => {
  await using world = await TestWorld.make();
  Object.assign(world.env, { CCO_UPDATES_CHANEL: "beta", CCO_SERVICE_ZZZZZZZ: "1", CCO_RELEASE_KEY: "x" });
  const { code, stderr } = await world.run("config validate");
  assert.equal(code, 0);
  assert.equal(
    stderr,
    "⚠️  Unknown environment variable: CCO_SERVICE_ZZZZZZZ. It has no effect\n" +
      "⚠️  Unknown environment variable: CCO_UPDATES_CHANEL. Did you mean CCO_UPDATES_CHANNEL?\n",
  );
  assert.equal((await world.json("config validate")).document["warnings"] instanceof Array, true);
  assert.equal((await world.run("config show")).stderr, "");
});

test("config validate names a file of certificates that is not there", async () => {
  await using world = await TestWorld.make();
  await world.writeConfig('[updates]\nca_file = "/nope/ca.pem"\n');
  const { code, stderr } = await world.run("config validate");
  assert.equal(code, 3);
  assert.match(stderr, /^Invalid path: \/nope\/ca\.pem is not there/);
});

test("a table that is none is said in one sentence", async () => {
  await using world = await TestWorld.make();
  await world.writeConfig("updates = 5\n");
  for (const words of ["config validate", "config show"]) {
    const { code, stderr } = await world.run(words);
    assert.equal(code, 3);
    assert.match(
      stderr,
      /^Configuration file is damaged: \S+config\.toml: updates is not a table\. Write \[updates\]/,
    );
    assert.equal(stderr.split("is not a table").length, 2);
  }
});

test("a path of the settings that leads to no file is said in plain words", async () => {
  const places: [name: string, make: (path: string) => Promise<unknown>, message: RegExp][] = [
    [
      "dangling",
      (path) => symlink("nowhere.toml", path),
      /is a link to a file that is not there\. Mend or remove/,
    ],
    [
      "loop",
      (path) => symlink("config.toml", path),
      /is a link that leads nowhere\. Mend or remove the link/,
    ],
    ["folder", (path) => mkdir(path), /is a folder\. Move it away/],
  ];
  for (const [name, make, message] of places) {
    await using world = await TestWorld.make();
    await mkdir(dirname(world.configFile), { recursive: true });
    await make(world.configFile);
    for (const words of ["config show", "config set updates.enabled true"]) {
      const { code, stderr } = await world.run(words);
      assert.equal(code, 3, name);
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /os error|realPath|E[A-Z]{4}/);
    }
  }
});

test("config edit of an editor that fails changes nothing, exit code 1, and keeps what was written", async () => {
  for (const text of ["# mine\n", "[updates]\nenabled = false\n"]) {
    await using world = await TestWorld.make();
    await world.writeConfig("# mine\n");
    world.sit();
    world.env["NO_COLOR"] = "1";
    world.editor = async (path) => {
      await writeFile(path, text);
      return 7;
    };
    const { code, stderr } = await world.run("config edit");
    assert.equal(code, 1);
    assert.match(stderr, /The editor vi ended with exit code 7\. Nothing was changed/);
    const kept = text === "# mine\n" ? undefined : /what you wrote is in (\S+)/.exec(stderr)?.[1];
    if (text !== "# mine\n") assert.equal(await readFile(kept!, "utf8"), text);
    assert.equal(await world.readConfig(), "# mine\n");
    assert.equal((await readdir(dirname(world.configFile))).length, kept === undefined ? 1 : 2);
  }
});

test("config edit after somebody else's change names the file that keeps what was written", async () => {
  await using world = await TestWorld.make();
  await world.writeConfig("# mine\n");
  world.sit();
  world.env["NO_COLOR"] = "1";
  world.editor = async (path) => {
    await writeFile(path, "[updates]\nenabled = false\n");
    await writeFile(world.configFile, "# theirs\n");
    return 0;
  };
  const { code, stderr } = await world.run("config edit");
  assert.equal(code, 3);
  const kept = /changed by somebody else meanwhile: .*\. Nothing was changed; what you wrote is in (\S+)/
    .exec(stderr);
  assert.equal(await readFile(kept![1]!, "utf8"), "[updates]\nenabled = false\n");
  assert.equal(await world.readConfig(), "# theirs\n");
});

const commands: [text: string, os: string, words: string[] | undefined][] = [
  ["vi", "linux", ["vi"]],
  ["  code   --wait ", "linux", ["code", "--wait"]],
  ['"/tmp/ed ok.sh" -x', "linux", ["/tmp/ed ok.sh", "-x"]],
  ["'/tmp/ed ok.sh' -x", "linux", ["/tmp/ed ok.sh", "-x"]],
  ["/tmp/ed\\ ok.sh", "linux", ["/tmp/ed ok.sh"]],
  ['"a\\"b" \'\'', "linux", ['a"b', ""]],
  ['--title="my file"x', "linux", ["--title=my filex"]],
  ['"not closed', "linux", undefined],
  ['"C:\\Program Files\\ed.exe" /w', "windows", ["C:\\Program Files\\ed.exe", "/w"]],
  ["C:\\ed.exe", "windows", ["C:\\ed.exe"]],
  ["", "linux", []],
];

for (const [text, os, words] of commands) {
  test(`the editor ${text || "(none)"} on ${os} is ${words?.join(" | ") ?? "refused"}`, () => {
    assert.deepEqual(splitCommand(text, os), words);
  });
}
