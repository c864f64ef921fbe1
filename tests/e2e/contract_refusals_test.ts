/** The command-line contract against compiled executables: wrong input, its one line and its exit code. */

import assert from "node:assert/strict";
import { dirname } from "node:path";
import { test } from "node:test";
import { fileDigest } from "../../scripts/build_cache.ts";
import type { Home } from "../../scripts/demo/home.ts";
import { publishManifest } from "../../scripts/demo/release.ts";
import { RELEASE_KEY } from "../support/deno/compiled_version.ts";
import { configFile, refusals, type Refused } from "../support/deno/contract_home.ts";
import { NEW, OLD, published } from "../support/deno/published.ts";

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

async function writeConfig(home: Home, text: string): Promise<void> {
  await Deno.mkdir(dirname(configFile(home)), { recursive: true });
  await Deno.writeTextFile(configFile(home), text, { mode: 0o600 });
}
