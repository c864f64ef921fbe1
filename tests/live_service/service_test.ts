/** The service of a compiled `cco`, as an administrator meets it: started, asked, updated, restarted, read, stopped. */

import assert from "node:assert/strict";
import { request } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { NEW, OLD } from "../support/deno/published.ts";
import { healthAt, serving } from "./support/serving.ts";

test("a compiled cco serves in the background, and its new version takes over at a restart", (t) =>
  serving(t, async (home, port) => {
    const run = async (...args: string[]) => await home.run("daemon", ...args);

    assert.deepEqual(await run("status"), { code: 1, stdout: "Daemon is not running\n", stderr: "" });
    const start = await run("start", "--port", `${port}`);
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
    const restart = await run("restart", "--port", `${port}`);
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
    const start = await home.run("daemon", "start", "--json", "--port", `${port}`);
    const { pid } = JSON.parse(start.stdout);
    Deno.kill(pid, "SIGKILL");
    // The system takes a moment to end a large process.
    const end = Date.now() + 10_000;
    let status = await home.run("daemon", "status");
    while (status.code === 0 && Date.now() < end) status = await home.run("daemon", "status");
    assert.equal(status.stdout, "Daemon is not running\n");
    const again = await home.run("daemon", "start", "--json", "--port", `${port}`);
    assert.equal(JSON.parse(again.stdout).outcome, "started");
    assert.equal((await healthAt(port)).status, 200);
  }));

test("a process that was given a dead service's number is neither taken for it nor ended (T34)", (t) =>
  serving(t, async (home, port) => {
    const start = await home.run("daemon", "start", "--json", "--port", `${port}`);
    const record = join(home.folder, ".local/state/cco/service.json");
    const dead = JSON.parse(await Deno.readTextFile(record));
    Deno.kill(JSON.parse(start.stdout).pid, "SIGKILL");
    const other = new Deno.Command("sleep", { args: ["600"] }).spawn();
    try {
      await Deno.writeTextFile(record, JSON.stringify({ ...dead, pid: other.pid }));
      for (const command of ["status", "stop"]) {
        assert.equal((await home.run("daemon", command)).stdout, "Daemon is not running\n");
      }
      const again = await home.run("daemon", "start", "--json", "--port", `${port}`);
      assert.equal(JSON.parse(again.stdout).outcome, "started", again.stderr);
      assert.notEqual(JSON.parse(again.stdout).pid, other.pid);
    } finally {
      // It still runs: ending one that has ended throws.
      other.kill("SIGTERM");
      assert.equal((await other.status).signal, "SIGTERM");
    }
  }));

test("web pages cannot ask the service, whatever name they have pointed to this machine (T33)", (t) =>
  serving(t, async (home, port) => {
    assert.equal((await home.run("daemon", "start", "--port", `${port}`)).code, 0);
    const cases: [what: string, headers: Record<string, string>, status: number][] = [
      ["curl", {}, 200],
      ["a person's browser", { "sec-fetch-site": "none" }, 200],
      ["a page whose name was pointed here (DNS rebinding)", { host: `rebound.example:${port}` }, 403],
      ["the same without a port", { host: "rebound.example" }, 403],
      ["the right name with another port", { host: `localhost:${port + 1}` }, 403],
      ["a request from a page elsewhere", { origin: "https://pages.example" }, 403],
      ["a request from a page of another service here", { origin: "http://localhost:8080" }, 403],
      ["a request from a file", { origin: "null" }, 403],
      ["an image on a page elsewhere", { "sec-fetch-site": "cross-site" }, 403],
    ];
    for (const path of ["/health", "/metrics"]) {
      for (const [what, headers, status] of cases) {
        assert.equal(await statusAt(port, path, headers), status, `${what}: ${path}`);
      }
    }
    assert.equal(await statusAt(port, "/health", {}, "POST"), 405);
  }));

/** Not with `fetch`: it does not let its caller choose `Host`. */
function statusAt(
  port: number,
  path: string,
  headers: Record<string, string>,
  method = "GET",
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path, method, headers, agent: false }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode));
    });
    asked.on("error", reject);
    asked.end();
  });
}

test("of ten services that are started at once one runs", (t) =>
  serving(t, async (home, port) => {
    const starts = Array.from(
      { length: 10 },
      () => home.run("daemon", "start", "--json", "--port", `${port}`),
    );
    const answers = (await Promise.all(starts)).filter(({ code }) => code === 0);
    const pids = new Set(answers.map(({ stdout }) => JSON.parse(stdout).pid));
    assert(answers.length >= 1);
    assert.equal(pids.size, 1);
    assert((await healthAt(port)).body.includes(`"pid":${[...pids][0]}`));
  }));
