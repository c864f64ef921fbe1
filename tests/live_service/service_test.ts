/** The service of a compiled `cco`, as an administrator meets it: started, asked, updated, restarted, read, stopped. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { Home } from "../../scripts/demo/home.ts";
import { fileDigest } from "../../scripts/build_cache.ts";
import { packExecutable } from "../../scripts/compile/archives.ts";
import { hostPlatform } from "../../scripts/compile/platforms.ts";
import { publishManifest } from "../../scripts/demo/release.ts";
import { RELEASE_KEY } from "../support/deno/compiled_version.ts";
import { NEW, OLD, type Published, published } from "../support/deno/published.ts";

/** Machines that run other tests at the same time start programs more slowly than those that serve. */
const SLOWNESS = 3;

/** A port that nobody uses at the moment. */
function freePort(): string {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return `${listener.addr.port}`;
}

/** Runs a test in a home with the older version; its service is stopped before the home is removed. */
async function serving(
  t: Pick<TestContext, "after">,
  body: (home: Home, port: string, release: Published) => Promise<void>,
): Promise<void> {
  const release = await published(t);
  const { home } = release;
  try {
    await body(home, freePort(), release);
  } finally {
    await home.run("daemon", "stop");
  }
}

async function healthAt(port: string): Promise<{ status: number; body: string }> {
  const answer = await fetch(`http://127.0.0.1:${port}/health`, { headers: { host: `127.0.0.1:${port}` } });
  return { status: answer.status, body: await answer.text() };
}

test("a compiled cco serves in the background, and its new version takes over at a restart", (t) =>
  serving(t, async (home, port) => {
    const run = async (...args: string[]) => await home.run("daemon", ...args);

    assert.deepEqual(await run("status"), { code: 1, stdout: "Daemon is not running\n", stderr: "" });
    const start = await run("start", "--port", port);
    assert.equal(start.code, 0, start.stderr);
    assert.match(start.stdout, /^✅ Daemon started \(PID: \d+\)\n/);

    const before = await healthAt(port);
    assert.equal(before.status, 200);
    assert(before.body.includes('"status":"ok"') && before.body.includes(`"version":"${OLD}"`), before.body);
    const status = await run("status");
    assert.equal(status.code, 0);
    assert.match(
      status.stdout,
      new RegExp(`^Daemon is running \\(PID: \\d+\\)\nUptime: .*\nVersion: ${OLD}\n`),
    );

    const update = await home.run("update", "--yes");
    assert.equal(update.code, 0, update.stderr);
    assert((await healthAt(port)).body.includes(`"version":"${OLD}"`));
    const restart = await run("restart", "--port", port);
    assert.equal(restart.code, 0, restart.stderr);
    assert(restart.stdout.includes(`Version: ${NEW}\n`), restart.stdout);
    const after = await healthAt(port);
    assert(after.body.includes('"status":"ok"') && after.body.includes(`"version":"${NEW}"`), after.body);

    const logs = await run("logs", "-n", "2");
    const line = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \[INFO\] `;
    assert.match(logs.stdout, new RegExp(`^${line}.*\n${line}Service started: version ${NEW}.*\n$`));
    assert.deepEqual(await run("stop"), { code: 0, stdout: "✅ Daemon stopped\n", stderr: "" });
    await assert.rejects(healthAt(port));
    assert.equal((await run("status")).code, 1);
  }));

test("a service that was killed is started again, whoever has its number now", (t) =>
  serving(t, async (home, port) => {
    const start = await home.run("daemon", "start", "--json", "--port", port);
    const { pid } = JSON.parse(start.stdout);
    Deno.kill(pid, "SIGKILL");
    // The system takes a moment to end a large process.
    const end = Date.now() + 10_000;
    let status = await home.run("daemon", "status");
    while (status.code === 0 && Date.now() < end) status = await home.run("daemon", "status");
    assert.equal(status.stdout, "Daemon is not running\n");
    const again = await home.run("daemon", "start", "--json", "--port", port);
    assert.equal(JSON.parse(again.stdout).outcome, "started");
    assert.equal((await healthAt(port)).status, 200);
  }));

test("of ten services that are started at once one runs", (t) =>
  serving(t, async (home, port) => {
    const starts = Array.from({ length: 10 }, () => home.run("daemon", "start", "--json", "--port", port));
    const answers = (await Promise.all(starts)).filter(({ code }) => code === 0);
    const pids = new Set(answers.map(({ stdout }) => JSON.parse(stdout).pid));
    assert(answers.length >= 1);
    assert.equal(pids.size, 1);
    assert((await healthAt(port)).body.includes(`"pid":${[...pids][0]}`));
  }));

test("a service under steady load installs by itself and hands over; it refuses for a moment only", (t) =>
  serving(t, async (home, port) => {
    await startInstalling(home, port, "2s");

    const seen: { at: number; version: string | undefined }[] = [];
    const end = Date.now() + 60_000;
    for (let log = ""; !log.includes("has taken over");) {
      assert(Date.now() < end, log);
      for (let count = 0; count < 50; count++) {
        const answer = await healthAt(port).catch(() => undefined);
        const version = answer?.status === 200 ? JSON.parse(answer.body).version : undefined;
        seen.push({ at: Date.now(), version });
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      log = (await home.run("daemon", "logs", "-n", "200")).stdout;
    }
    const failed = seen.filter(({ version }) => version === undefined);
    const gap = failed.length === 0 ? 0 : failed.at(-1)!.at - failed[0]!.at;
    console.log(`${seen.length} requests, ${failed.length} failed, within ${gap} ms`);
    assert(gap < 1000 * SLOWNESS, `${gap} ms without an answer`);
    const versions = seen.map(({ version }) => version).filter((version) => version !== undefined);
    assert.deepEqual([...new Set(versions)], [OLD, NEW]);
    const status = await home.run("daemon", "status");
    assert(status.stdout.includes(`Version: ${NEW}\nHealth: ok\n`), status.stdout);
  }));

/** Starts a service that installs by itself and is due now. */
async function startInstalling(home: Home, port: string, probation: string): Promise<void> {
  const settings = { "updates.auto_install": "true", "service.probation": probation, "service.port": port };
  for (const [key, value] of Object.entries(settings)) {
    const answer = await home.run("config", "set", key, value);
    assert.equal(answer.code, 0, answer.stderr);
  }
  const state = join(home.folder, ".local/state/cco");
  await Deno.mkdir(state, { recursive: true });
  const due = JSON.stringify({ next: 0, failures: 0, isWaiting: false });
  await Deno.writeTextFile(join(state, "background.json"), due);
  const start = await home.run("daemon", "start");
  assert.equal(start.code, 0, start.stderr);
}

/** Publishes a script as the newer version: it answers the probe, and does something else for everything else. */
async function publishScript(
  { server, manifest }: Published,
  folder: string,
  command: string,
): Promise<void> {
  const script = join(folder, "cco");
  const probe = `if [ "$1" = --version ]; then echo "cco ${NEW}"; exit 0; fi`;
  await Deno.writeTextFile(script, `#!/bin/sh\n${probe}\n${command}\n`);
  const archive = join(folder, "bad.tar.gz");
  await packExecutable(script, archive, "tar.gz");
  const { size } = await Deno.stat(archive);
  Object.assign(manifest.versions[NEW]!.platforms[hostPlatform()]!, {
    url: `${server.base}bad.tar.gz`,
    sha256: await fileDigest(archive),
    size,
    binary: { path: "cco", sha256: await fileDigest(script), size: (await Deno.stat(script)).size },
  });
  server.files.set("bad.tar.gz", archive);
  await publishManifest(server, manifest, RELEASE_KEY);
}

/** What the newer version does instead of serving, and what is said of it. */
const BAD: readonly [what: string, command: string, why: RegExp][] = [
  ["ends at once", "exit 1", /it ended at once/],
  ["hangs", "exec sleep 600", /it did not answer in 20 s/],
  ["dies after two seconds", '(sleep 2; kill -9 $$) & exec "$REAL" "$@"', /it ended with exit code none/],
];

for (const [what, command, why] of BAD) {
  const skip = Deno.build.os === "windows" && "the bad versions are shell scripts";
  test(
    `the old version serves again after one that ${what}`,
    { skip },
    (t) =>
      serving(t, async (home, port, release) => {
        const real = command.replace("$REAL", release.new.path);
        await publishScript(release, home.folder, real);
        await startInstalling(home, port, "5s");
        const end = Date.now() + 60_000;
        let log = "";
        while (!log.includes("rolled back to previous version")) {
          assert(Date.now() < end, log);
          await new Promise((resolve) => setTimeout(resolve, 200));
          log =
            (await new Deno.Command(release.old.path, { args: ["daemon", "logs"], env: home.env }).output())
              .stdout.reduce((text, byte) => text + String.fromCharCode(byte), "");
        }
        assert.match(log, why);
        assert.equal(await fileDigest(home.executable), release.old.sha256);
        for (let answer = ""; !answer.includes(`"status":"ok","version":"${OLD}"`);) {
          assert(Date.now() < end, answer);
          answer = (await healthAt(port).catch(() => undefined))?.body ?? "";
        }
        const check = JSON.parse((await home.run("update", "--check", "--json")).stdout);
        assert.equal(check.outcome, "held-back");
      }),
  );
}
