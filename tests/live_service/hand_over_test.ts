/** Hand-overs between compiled services under a steady load. On Linux no request fails. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { systemRuntime } from "../../machine.ts";
import { NEW, OLD } from "../support/deno/published.ts";
import { startLoad } from "./support/load.ts";
import { healthAt, logWith, prepareInstalling, serving, startInstalling, until } from "./support/serving.ts";

const ROUNDS = 10;
const isLinux = Deno.build.os === "linux";

for (let round = 1; round <= ROUNDS; round++) {
  test(`hand-over ${round} of ${ROUNDS}: the new version takes over and no request fails`, (t) =>
    serving(t, async (home, port) => {
      await startInstalling(home, port, "2s");
      const endLoad = startLoad(port);
      await logWith(home, "has handed over and ends");
      const figures = await endLoad();
      const { requests, rate, failures, gap, versions, returns } = figures;
      console.log(
        `${requests} requests, ${rate}/s, ${failures.length} failed, longest gap ${gap} ms`,
      );
      assert.deepEqual(versions, [OLD, NEW]);
      if (isLinux) assert.deepEqual({ failures, returns }, { failures: [], returns: 0 });
      const status = await until(async () => {
        const answer = await home.run("daemon", "status");
        return answer.code === 0 && answer.stdout;
      });
      assert(status.includes(`Version: ${NEW}\nHealth: ok\n`), status);
    }));
}

test("the old version watches over the new one for the default probation of a minute", (t) =>
  serving(t, async (home, port) => {
    const begun = Date.now();
    await startInstalling(home, port);
    const endLoad = startLoad(port);
    await logWith(home, "has handed over and ends");
    const { requests, rate, failures } = await endLoad();
    console.log(`${requests} requests, ${rate}/s, ${failures.length} failed`);
    assert(Date.now() - begun >= 60_000, `${Date.now() - begun} ms`);
    if (isLinux) assert.deepEqual(failures, []);
  }));

for (const [ending, exitCode] of [["is stopped", 0], ["dies", 1]] as const) {
  test(`cco run stays in the foreground after it has handed over, until the service ${ending}`, (t) =>
    serving(t, async (home, port) => {
      await prepareInstalling(home, port, "1s");
      const { executable, env } = home;
      const options = { args: ["run", "--quiet"], env, clearEnv: true, stdin: "null" as const };
      const foreground = new Deno.Command(executable, { ...options, stdout: "null", stderr: "piped" })
        .spawn();
      await logWith(home, "has handed over and ends");
      const { pid, version } = JSON.parse((await healthAt(port)).body);
      assert.equal(version, NEW);
      assert.notEqual(pid, foreground.pid);
      if (exitCode === 0) foreground.kill("SIGTERM");
      else Deno.kill(pid, "SIGKILL");
      const { code, stderr } = await foreground.output();
      assert.equal(code, exitCode, new TextDecoder().decode(stderr));
      await assert.rejects(healthAt(port));
    }));
}

test("a service that is stopped during probation is stopped, and its version is not blamed", (t) =>
  serving(t, async (home, port) => {
    await startInstalling(home, port, "10m");
    const { pid: old } = JSON.parse((await healthAt(port)).body);
    const { pid } = await until(async () => {
      const health = JSON.parse((await healthAt(port)).body);
      return health.version === NEW && health;
    });
    await until(async () => (await home.run("daemon", "status")).stdout.includes(`Version: ${NEW}\n`));
    assert.equal((await home.run("daemon", "stop")).stdout, "✅ Daemon stopped\n");
    const { processStart } = systemRuntime();
    assert.equal(await processStart(old), undefined);
    // Its last words are written after it has left the port and taken its record away.
    await until(async () => await processStart(pid) === undefined);
    await assert.rejects(healthAt(port));
    const start = await home.run("daemon", "start");
    assert.equal(start.code, 0, start.stderr);
    const { body } = await healthAt(port);
    assert(body.includes(`"status":"ok","version":"${NEW}"`), body);
  }));
