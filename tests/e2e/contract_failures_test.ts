/** The command-line contract against compiled executables: updates that the machine or the server prevents. */

import assert from "node:assert/strict";
import { dirname } from "node:path";
import { test } from "node:test";
import { systemRuntime } from "../../machine.ts";
import { fileDigest } from "../../scripts/build_cache.ts";
import type { Home } from "../../scripts/demo/home.ts";
import { besideName, installationOf } from "../../src/installation.ts";
import { claimInstallation } from "../../src/journal.ts";
import { runWith, UNIX } from "../support/deno/contract_home.ts";
import { publishScript } from "../support/deno/contract_release.ts";
import { NEW, OLD, published } from "../support/deno/published.ts";

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
