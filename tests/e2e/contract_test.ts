/**
 * The command-line contract against compiled executables: blocks of output, byte for byte. What is refused, what fails
 * and where files and values come from is in `contract_*_test.ts`, what a bad release says in `bad_release_test.ts`, the
 * service in `tests/live_service`.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { fileDigest } from "../../scripts/build_cache.ts";
import type { Home } from "../../scripts/demo/home.ts";
import { CONFIG_ANSWERS, TIMES } from "../support/contract_config.ts";
import { answers, runtimeLine, UNIX } from "../support/deno/contract_home.ts";
import { publishScript } from "../support/deno/contract_release.ts";
import { NEW, OLD, published } from "../support/deno/published.ts";

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

async function lastCheck(home: Home): Promise<string> {
  const { stdout } = await home.run("config", "get", "updates.last_check");
  return stdout.trim().replace("updates.last_check = ", "");
}

async function writeState(home: Home, fields: object): Promise<void> {
  const folder = join(home.folder, ".local/state/cco");
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(join(folder, "state.json"), JSON.stringify(fields), { mode: 0o600 });
}
