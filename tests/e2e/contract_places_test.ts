/** The command-line contract against compiled executables: where files and values come from. */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { type Home, namesIn } from "../../scripts/demo/home.ts";
import { answers, configFile, output, runWith, UNIX } from "../support/deno/contract_home.ts";
import { published } from "../support/deno/published.ts";
import { leaveOut } from "../support/skipped.ts";

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

async function setting(home: Home, key: string, value: string): Promise<void> {
  const { code, stderr } = await home.run("config", "set", key, value);
  assert.equal(code, 0, stderr);
}
