/** `cco run` and `cco daemon`, with services that run in this process. */

import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { Processes, Started } from "../../src/cli/processes.ts";
import { FileError } from "../../machine.ts";
import { askHealth } from "../../src/service/ask_health.ts";
import { lastRecord } from "../../src/service/record.ts";
import { freePort } from "../support/free_port.ts";
import { testKey } from "../support/signed_release.ts";
import { scriptOf, TestWorld } from "./world.ts";

/** How a started executable behaves: by the version that its script says it is. */
type Behaviour = (version: string) => "serves" | "dies" | "dies later";

/** A system on which starting the executable runs the service in this process. */
class Machine implements Processes {
  readonly world: TestWorld;
  behaviour: Behaviour = () => "serves";
  readonly ended: string[] = [];
  readonly starts: (readonly string[])[] = [];
  #stop = new AbortController();
  #reload: (() => void) | undefined;
  readonly #running: Promise<unknown>[] = [];
  readonly #stops: AbortController[] = [];

  constructor(world: TestWorld) {
    this.world = world;
    world.processes = this;
  }

  async start(path: string, args: readonly string[], env: Record<string, string> = {}): Promise<Started> {
    this.starts.push(args);
    Object.assign(this.world.env, env);
    const version = /cco ([\d.]+)/.exec(await readFile(path, "utf8"))![1]!;
    const how = this.behaviour(version);
    if (how === "dies") return this.#started(() => 1, Promise.resolve());
    this.#stop = new AbortController();
    let code: number | undefined;
    const { build } = this.world;
    this.world.build = { ...build, version };
    const stop = this.#stop;
    this.#stops.push(stop);
    const ended = this.world.run(...args).then((answer) => {
      code = how === "dies later" ? 1 : answer.code;
    });
    this.#running.push(ended);
    if (how === "dies later") setTimeout(() => stop.abort(), 300);
    this.world.build = build;
    return this.#started(() => code, ended);
  }

  #started(exitCode: () => number | undefined, ended: Promise<void>): Started {
    return { pid: this.world.runtime.pid, exitCode, ended, hasEnded: () => exitCode() !== undefined };
  }

  end(_: number, how: "gracefully" | "forcibly"): Promise<void> {
    this.ended.push(how);
    this.#stop.abort();
    return Promise.resolve();
  }

  listen() {
    // A service in the foreground is started by nobody.
    if (this.#stop.signal.aborted) this.#stop = new AbortController();
    const onReload = (listener: () => void) => {
      this.#reload = listener;
      return () => void (this.#reload = undefined);
    };
    return Promise.resolve({ stop: this.#stop.signal, onReload });
  }

  reload(): void {
    this.#reload?.();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stop of this.#stops) stop.abort();
    await Promise.all(this.#running);
  }
}

async function machineWith(world: TestWorld): Promise<{ machine: Machine; port: number }> {
  const port = await freePort();
  world.env["CCO_SERVICE_PORT"] = `${port}`;
  return { machine: new Machine(world), port };
}

test("cco daemon starts, tells how it is, and stops, in the contract's words", async () => {
  await using world = await TestWorld.make();
  await world.publish([{ version: "2025.11.1" }]);
  const { machine, port } = await machineWith(world);
  await using _ = machine;
  const { pid } = world.runtime;
  assert.deepEqual(await world.run("daemon status"), {
    code: 1,
    stdout: "Daemon is not running\n",
    stderr: "",
  });
  const start = await world.run("daemon start");
  assert.equal(start.code, 0, start.stderr);
  assert.equal(start.stdout, `✅ Daemon started (PID: ${pid})\nAddress: http://127.0.0.1:${port}\n`);
  const status = await world.run("daemon status");
  assert.equal(status.code, 0);
  assert.match(
    status.stdout,
    new RegExp(
      `^Daemon is running \\(PID: ${pid}\\)\nUptime: \\d+s\nVersion: 2025.11.1\nHealth: ok\n` +
        `Address: http://127.0.0.1:${port}\nLast check: Never\nNext check: \\d{4}-\\d\\d-\\d\\d [\\d:]{8} UTC\n$`,
    ),
  );
  assert.equal(
    (await world.run("daemon start")).stdout.split("\n")[0],
    `Daemon is already running (PID: ${pid})`,
  );
  const second = await world.run(`run --port ${await freePort()}`);
  assert.equal(second.code, 1);
  assert.equal(second.stderr, `Daemon is already running (PID: ${pid})\n`);
  assert.deepEqual(await world.run("daemon stop"), { code: 0, stdout: "✅ Daemon stopped\n", stderr: "" });
  assert.deepEqual(machine.ended, ["gracefully"]);
  assert.equal((await world.run("daemon stop")).stdout, "Daemon is not running\n");
  assert.equal((await world.run("daemon status")).code, 1);
});

test("the service checks when it is time, and logs it in the contract's order", async () => {
  await using world = await TestWorld.make();
  await world.publish([{ version: "2025.11.2" }]);
  const { machine, port } = await machineWith(world);
  await using _ = machine;
  await world.writeState({});
  const due = JSON.stringify({ next: 0, failures: 0, isWaiting: false });
  await writeFile(join(world.home, ".local/state/cco/background.json"), due);
  assert.equal((await world.run("daemon start --debug")).code, 0);
  await until(async () => (await askHealth({ host: "127.0.0.1", port }))?.lastCheck !== null);
  const log = await until(async () => {
    const { stdout } = await world.run("daemon logs");
    return stdout.includes("New version available") && stdout;
  });
  const said = log.trimEnd().split("\n").map((line) => line.replace(/^[\dT:-]{19}Z /, ""));
  assert.deepEqual(said.slice(-4), [
    "[INFO] Starting update check",
    "[INFO] Current version: 2025.11.1",
    "[INFO] Latest version: 2025.11.2",
    "[INFO] New version available: 2025.11.2",
  ]);
  assert.match(
    (await world.run("daemon logs -n 1")).stdout,
    /^\S+ \[INFO\] New version available: 2025\.11\.2\n$/,
  );
  assert.equal((await world.run("daemon logs --level warn")).stdout, "");
  await until(async () => (await world.run("version")).stdout.includes("New version available: v2025.11.2"));
  assert.deepEqual(await world.installed(), ["cco"]);
});

test("a service that cannot check is degraded, says why, and goes on", async () => {
  await using world = await TestWorld.make();
  const { machine } = await machineWith(world);
  await using _ = machine;
  await world.writeState({});
  const due = JSON.stringify({ next: 0, failures: 0, isWaiting: false });
  await writeFile(join(world.home, ".local/state/cco/background.json"), due);
  await world.run("daemon start");
  const status = await until(async () => {
    const { stdout } = await world.run("daemon status");
    return stdout.includes("Health: degraded") && stdout;
  });
  assert(status.includes("Health: degraded (updates cannot be checked: HTTP_STATUS)"), status);
  const { stdout } = await world.run("daemon logs --level warn");
  assert.match(stdout, /^\S+ \[WARN\] Could not check for updates: /);
});

test("a service whose manifest has expired says that in words of its own", async () => {
  await using world = await TestWorld.make();
  const { machine, port } = await machineWith(world);
  await using _ = machine;
  const key = await testKey(7);
  world.build = { ...world.build, keys: [key.publicKey.text], allowUnsigned: false };
  await world.publish([{ version: "2025.11.1" }], { key, fields: { expires: "2025-11-16T00:00:00Z" } });
  await world.writeState({});
  const due = JSON.stringify({ next: 0, failures: 0, isWaiting: false });
  await writeFile(join(world.home, ".local/state/cco/background.json"), due);
  assert.equal((await world.run("daemon start")).code, 0);
  const health = await until(async () => {
    const answer = await askHealth({ host: "127.0.0.1", port });
    return answer?.status === "degraded" && answer;
  });
  assert.equal(health.reason, "the manifest has expired");
  assert.match(
    (await world.run("daemon status")).stdout,
    /\nHealth: degraded \(the manifest has expired\)\n/,
  );
});

test("the settings are read again when the system asks, and stay when they cannot be used", async () => {
  await using world = await TestWorld.make();
  const { machine, port } = await machineWith(world);
  await using _ = machine;
  await world.run("daemon start");
  const next = async () => (await askHealth({ host: "127.0.0.1", port }))?.nextCheck;
  assert(await until(next));
  await world.writeConfig("[updates]\nenabled = false\n");
  machine.reload();
  await until(async () => await next() === null);
  await world.writeConfig("[updates]\nenabled = perhaps\n");
  machine.reload();
  const log = await until(async () => {
    const { stdout } = await world.run("daemon logs");
    return stdout.includes("[ERROR]") && stdout;
  });
  assert.match(log, /\[INFO\] Background checks are switched off\n/);
  assert.match(log, /\[ERROR\] The settings stay as they were: /);
  assert.equal((await world.run("daemon status")).code, 0);
});

test("cco daemon start says why a service does not start", async () => {
  await using world = await TestWorld.make();
  const { machine, port } = await machineWith(world);
  await using _ = machine;
  const other = createServer();
  await new Promise<void>((resolve) => void other.listen(port, "127.0.0.1", resolve));
  const taken = await world.run("daemon start");
  assert.equal(taken.code, 1);
  assert.match(taken.stderr, /^Cannot listen on 127\.0\.0\.1:\d+: another program uses this port\. /);
  const { document } = await world.json("daemon start");
  assert.equal((document["error"] as { code: string }).code, "LISTEN");
  assert.equal(machine.starts.length, 0);
  const foreground = await world.run("run");
  assert.equal(foreground.code, 1);
  assert.match(foreground.stderr, /^Cannot listen on 127\.0\.0\.1:\d+: another program uses this port\. /);
  await new Promise((resolve) => void other.close(resolve));
  machine.behaviour = () => "dies";
  assert.match(
    (await world.run("daemon start")).stderr,
    /^Cannot start the daemon: it ended at once with exit code 1\. Run /,
  );
  world.runtime = { ...world.runtime, execPath: "/usr/bin/deno" };
  assert.match((await world.run("daemon start")).stderr, /runs from source/);
});

test("cco daemon restart runs the new executable", async () => {
  await using world = await TestWorld.make();
  const { machine } = await machineWith(world);
  await using _ = machine;
  await world.run("daemon start");
  await update(world);
  const answer = await world.run("daemon restart");
  assert.equal(answer.code, 0, answer.stderr);
  assert.match(answer.stdout, /^✅ Daemon restarted \(PID: \d+\)\nVersion: 2025\.11\.2\n/);
  assert.match((await world.run("daemon status")).stdout, /\nVersion: 2025\.11\.2\nHealth: ok\n/);
});

test("cco daemon restart goes back when the new version dies, and does not take it again", async () => {
  await using world = await TestWorld.make();
  const { machine } = await machineWith(world);
  await using _ = machine;
  await world.run("daemon start");
  await update(world);
  machine.behaviour = (version) => version === "2025.11.2" ? "dies" : "serves";
  const answer = await world.run("daemon restart");
  assert.equal(answer.code, 5, answer.stderr);
  assert.match(
    answer.stdout,
    /^⚠️ {2}Version 2025\.11\.2 did not become healthy, going back\.\.\.\nUpdate failed, rolled back to previous version\n✅ Daemon restarted \(PID: \d+\)\nVersion: 2025\.11\.1\n/,
  );
  assert.equal(await readFile(world.executable, "utf8"), scriptOf("2025.11.1"));
  assert.match((await world.run("daemon status")).stdout, /\nVersion: 2025\.11\.1\nHealth: ok\n/);
  world.build = { ...world.build, version: "2025.11.1" };
  assert.equal((await world.json("update --check")).document["outcome"], "held-back");
  const takenBack = ["cli", "automatic-rollback", "2025.11.2", "2025.11.1", "rolled-back"];
  assert.deepEqual((await attempts(world)).at(-1), takenBack);
});

test("cco daemon restart leaves alone what a person installs while it tries the new version", async () => {
  await using world = await TestWorld.make();
  const { machine } = await machineWith(world);
  await using _ = machine;
  await world.run("daemon start");
  await update(world);
  machine.behaviour = (version) => {
    if (version !== "2025.11.2") return "serves";
    writeFileSync(world.executable, scriptOf("2025.11.3"), { mode: 0o755 });
    return "dies";
  };
  const answer = await world.run("daemon restart");
  assert.equal(answer.code, 0, answer.stderr);
  assert.match(answer.stderr, /Nothing rolled back: 2025\.11\.3 has been installed since\n/);
  assert.match(answer.stdout, /going back\.\.\.\n✅ Daemon restarted \(PID: \d+\)\nVersion: 2025\.11\.3\n/);
  assert.equal(await readFile(`${world.executable}.backup`, "utf8"), scriptOf("2025.11.1"));
  const left = ["cli", "automatic-rollback", "2025.11.2", "2025.11.3", "superseded"];
  assert.deepEqual((await attempts(world)).at(-1), left);
});

test("cco daemon restart blames no version that was not new", async () => {
  await using world = await TestWorld.make();
  const { machine } = await machineWith(world);
  await using _ = machine;
  await world.run("daemon start");
  machine.behaviour = () => "dies";
  const answer = await world.run("daemon restart");
  assert.equal(answer.code, 1);
  assert.match(answer.stderr, /^Cannot start the daemon/);
  assert.equal(await readFile(world.executable, "utf8"), scriptOf("2025.11.1"));
});

for (
  const [what, code, spoil, expected] of [
    ["flags that are no port", 2, () => "--port abc", /service\.port|port/],
    ["settings that cannot be used", 3, async (world: TestWorld) => {
      await world.writeConfig("[updates]\nenabled = perhaps\n");
      return "";
    }, /^Configuration file is damaged/],
    [
      "a port that another program has",
      1,
      (_: TestWorld, other: number) => `--port ${other}`,
      /another program/,
    ],
    ["a state folder that cannot be written", 1, (world: TestWorld) => {
      refuseWrites(world, ".trial-");
      return "";
    }, /^The service cannot write to its state folder /],
  ] as const
) {
  test(`neither start nor restart does anything with ${what}, and what runs goes on`, async () => {
    await using world = await TestWorld.make();
    const { machine } = await machineWith(world);
    await using _ = machine;
    const other = createServer();
    await new Promise<void>((resolve) => void other.listen(0, "127.0.0.1", resolve));
    await world.run("daemon start");
    await update(world);
    const flags = await spoil(world, (other.address() as AddressInfo).port);
    const restart = await world.run(`daemon restart ${flags}`);
    assert.equal(restart.code, code, restart.stderr);
    assert.match(restart.stderr, expected);
    assert.deepEqual([machine.starts.length, machine.ended], [1, []]);
    assert.equal(await readFile(world.executable, "utf8"), scriptOf("2025.11.2"));
    await machine.end(0, "gracefully");
    await until(async () =>
      (await lastRecord(world.runtime, join(world.home, ".local/state/cco"))) === undefined
    );
    const start = await world.run(`daemon start ${flags}`);
    assert.equal(start.code, code, start.stderr);
    assert.match(start.stderr, expected);
    assert.equal(machine.starts.length, 1);
    await new Promise((resolve) => void other.close(resolve));
  });
}

/** Has writes of files fail whose name contains a text. */
function refuseWrites(world: TestWorld, name: string): void {
  const { fs } = world.runtime;
  const open: typeof fs.open = async (path, options) => {
    if (path.includes(name)) throw new FileError("read-only", "open", path);
    return await fs.open(path, options);
  };
  world.runtime = { ...world.runtime, fs: { ...fs, open } };
}

test("cco run says that its state folder cannot be written", async () => {
  await using world = await TestWorld.make();
  await machineWith(world);
  refuseWrites(world, "service.json");
  const { code, stderr } = await world.run("run");
  assert.equal(code, 1);
  assert.match(stderr, /^The service cannot write to its state folder \S+state\/cco: /);
});

test("cco daemon restart keeps the port that the service was started with", async () => {
  await using world = await TestWorld.make();
  const { machine } = await machineWith(world);
  await using _ = machine;
  const port = await freePort();
  await world.run(`daemon start --port ${port}`);
  await update(world);
  const answer = await world.run("daemon restart");
  assert.equal(answer.code, 0, answer.stderr);
  assert(answer.stdout.includes(`Address: http://127.0.0.1:${port}\n`), answer.stdout);
  assert.deepEqual(machine.starts.at(-1), ["run", "--quiet", `--port=${port}`]);
});

for (
  const [what, isOwn] of [["the source cannot be reached", false], ["its own checks fail", true]] as const
) {
  test(`cco daemon restart ${isOwn ? "goes back" : "blames no version"} where ${what}`, async () => {
    await using world = await TestWorld.make();
    const { machine } = await machineWith(world);
    await using _ = machine;
    world.env["CCO_SERVICE_PROBATION"] = "1s";
    await world.run("daemon start");
    await update(world);
    await breakChecks(world, machine, isOwn);
    const answer = await world.run("daemon restart");
    assert.equal(answer.code, isOwn ? 5 : 0, answer.stderr);
    assert.equal(await readFile(world.executable, "utf8"), scriptOf(isOwn ? "2025.11.1" : "2025.11.2"));
  });
}

/** Version 2025.11.2 answers once it has failed to check. */
async function breakChecks(world: TestWorld, machine: Machine, isOwn: boolean): Promise<void> {
  const manifest = join(world.folder, "releases/version-manifest.json");
  const schedule = join(world.home, ".local/state/cco/background.json");
  const start = machine.start.bind(machine);
  machine.start = async (path, args, env) => {
    const isNew = (await readFile(path, "utf8")) === scriptOf("2025.11.2");
    if (isNew) {
      if (isOwn) writeFileSync(manifest, "[]");
      else rmSync(manifest);
      writeFileSync(schedule, JSON.stringify({ next: 0, failures: 0, isWaiting: false }));
    }
    const started = await start(path, args, env);
    const at = { host: "127.0.0.1", port: Number(world.env["CCO_SERVICE_PORT"]) };
    if (isNew) await until(async () => (await askHealth(at))?.status === "degraded");
    return started;
  };
  await Promise.resolve();
}

test("of several that start the daemon at once those who lose find it running", async () => {
  await using world = await TestWorld.make();
  const { machine } = await machineWith(world);
  await using _ = machine;
  const start = machine.start.bind(machine);
  machine.start = async (path, args, env) => {
    // Somebody else's service has started a moment earlier, and this one has found its record.
    await start(path, args, env);
    await until(async () =>
      (await askHealth({ host: "127.0.0.1", port: Number(world.env["CCO_SERVICE_PORT"]) })) !== undefined
    );
    return { pid: 1, exitCode: () => 1, hasEnded: () => true, ended: Promise.resolve() };
  };
  const answer = await world.run("daemon start");
  assert.equal(answer.code, 0, answer.stderr);
  assert.match(answer.stdout, /^Daemon is already running \(PID: \d+\)\n/);
});

test("cco daemon passes its place on to the service, and refuses what is none", async () => {
  await using world = await TestWorld.make();
  const { machine } = await machineWith(world);
  await using _ = machine;
  await world.writeConfig("");
  const port = await freePort();
  const answer = await world.run(`daemon start --port ${port} --host ::1 --config ${world.configFile}`);
  if (answer.code === 0) assert.match(answer.stdout, /Address: http:\/\/\[::1\]:\d+\n/);
  else assert.match(answer.stderr, /EADDRNOTAVAIL|EAFNOSUPPORT/);
  assert.deepEqual(machine.starts[0], [
    "run",
    "--quiet",
    `--port=${port}`,
    "--host=::1",
    `--config=${world.configFile}`,
  ]);
  for (
    const words of [
      "run --port 0",
      "run --port x",
      "run --host evil/",
      "daemon logs -n x",
      "daemon logs --level x",
    ]
  ) {
    assert.equal((await world.run(words)).code, 2, words);
  }
});

/** A running service that installs by itself, is due now, and finds version 2025.11.2. */
async function installing(world: TestWorld, behaviour: Behaviour): Promise<Machine> {
  const { machine } = await machineWith(world);
  machine.behaviour = behaviour;
  await prepareInstalling(world);
  const { code, stderr } = await world.run("daemon start");
  assert.equal(code, 0, stderr);
  return machine;
}

/** Settings that install by themselves, a check that is due, and version 2025.11.2 to be found. */
async function prepareInstalling(world: TestWorld): Promise<void> {
  world.env["CCO_SERVICE_PROBATION"] = "1s";
  world.env["CCO_UPDATES_AUTO_INSTALL"] = "true";
  await world.publish([{ version: "2025.11.2" }]);
  await world.writeState({});
  const due = JSON.stringify({ next: 0, failures: 0, isWaiting: false });
  await writeFile(join(world.home, ".local/state/cco/background.json"), due);
}

/** What the audit trail says. */
async function attempts(world: TestWorld): Promise<unknown[][]> {
  const text = await readFile(join(world.home, ".local/state/cco/update.log.jsonl"), "utf8");
  const entries: Record<string, unknown>[] = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  return entries.map(({ how, what, from, to, result }) => [how, what, from, to, result]);
}

const INSTALLED = ["service", "update", "2025.11.1", "2025.11.2", "updated"];

/** What the log says once it says a text, without times. */
async function logged(world: TestWorld, text: string): Promise<string[]> {
  const log = await until(async () => {
    const { stdout } = await world.run("daemon logs");
    return stdout.includes(text) && stdout;
  });
  return log.trimEnd().split("\n").map((line) => line.slice(21));
}

test("the service installs by itself, and the new version takes over", async () => {
  await using world = await TestWorld.make();
  await using _ = await installing(world, () => "serves");
  const lines = await logged(world, "has taken over");
  const from = lines.indexOf("[INFO] Starting update check");
  assert.deepEqual(lines.slice(from, from + 7), [
    "[INFO] Starting update check",
    "[INFO] Current version: 2025.11.1",
    "[INFO] Latest version: 2025.11.2",
    "[INFO] Downloading release...",
    "[INFO] Verifying checksum...",
    "[INFO] Installing update...",
    "[INFO] Successfully updated to 2025.11.2",
  ]);
  assert.match((await world.run("daemon status")).stdout, /\nVersion: 2025\.11\.2\nHealth: ok\n/);
  assert.deepEqual(await world.installed(), ["cco", "cco.backup"]);
  assert.deepEqual(await attempts(world), [INSTALLED]);
});

for (const how of ["dies", "dies later"] as const) {
  test(`the old version serves again when the new one ${how}, and the bad one is remembered`, async () => {
    await using world = await TestWorld.make();
    await using _ = await installing(world, (version) => version === "2025.11.2" ? how : "serves");
    const lines = await logged(world, "rolled back to previous version");
    assert(lines.some((line) => line.startsWith("[ERROR] Version 2025.11.2 did not become healthy: ")));
    const status = await until(async () => {
      const answer = await world.run("daemon status");
      return answer.stdout.includes("Health: ok") && answer.stdout;
    });
    assert.match(status, /\nVersion: 2025\.11\.1\n/);
    assert.equal(await readFile(world.executable, "utf8"), scriptOf("2025.11.1"));
    assert.equal((await world.json("update --check")).document["outcome"], "held-back");
    const takenBack = ["service", "automatic-rollback", "2025.11.2", "2025.11.1", "rolled-back"];
    assert.deepEqual(await attempts(world), [INSTALLED, takenBack]);
  });
}

test("the old version serves again when the new one is degraded and it was not", async () => {
  await using world = await TestWorld.make();
  const state = join(world.home, ".local/state/cco/background.json");
  await using _ = await installing(world, (version) => {
    if (version === "2025.11.2") {
      rmSync(join(world.folder, "releases/version-manifest.json"));
      writeFileSync(state, JSON.stringify({ next: 0, failures: 0, isWaiting: false }));
    }
    return "serves";
  });
  const lines = await logged(world, "rolled back to previous version");
  const why = "it is degraded: updates cannot be checked: HTTP_STATUS";
  assert(lines.includes(`[ERROR] Version 2025.11.2 did not become healthy: ${why}`), lines.join("\n"));
  await until(async () => (await world.run("daemon status")).stdout.includes("\nVersion: 2025.11.1\n"));
});

test("what a person has installed during the probation stays when the new version dies", async () => {
  await using world = await TestWorld.make();
  await using machine = await installing(world, (version) => {
    // The person's version, and the bad one as its backup, as `cco update` leaves them.
    if (version === "2025.11.2") {
      writeFileSync(`${world.executable}.backup`, scriptOf("2025.11.2"), { mode: 0o755 });
      writeFileSync(world.executable, scriptOf("2025.11.0"), { mode: 0o755 });
    }
    return version === "2025.11.2" ? "dies later" : "serves";
  });
  const lines = await logged(world, "nothing rolled back");
  const warning = "[WARN] Update failed, nothing rolled back: 2025.11.0 has been installed since";
  assert(lines.includes(warning), lines.join("\n"));
  await until(async () => (await world.run("daemon status")).stdout.includes("\nVersion: 2025.11.1\n"));
  assert.equal(await readFile(world.executable, "utf8"), scriptOf("2025.11.0"));
  assert.equal(await readFile(`${world.executable}.backup`, "utf8"), scriptOf("2025.11.2"));
  const left = ["service", "automatic-rollback", "2025.11.2", "2025.11.0", "superseded"];
  assert.deepEqual(await attempts(world), [INSTALLED, left]);
  const refused = join(world.home, ".local/state/cco/refused-versions.json");
  assert.deepEqual(JSON.parse(await readFile(refused, "utf8")), ["2025.11.2"]);
  assert.equal(machine.starts.length, 2);
});

test("cco run shows the lines of the version that has taken over, and does not say that it has stopped", async () => {
  await using world = await TestWorld.make();
  const { machine } = await machineWith(world);
  await using _ = machine;
  await prepareInstalling(world);
  let shown = "";
  world.onOutput = (text) => void (shown += text);
  const running = world.run("run");
  await until(() => Promise.resolve(shown.includes("Version 2025.11.1 has handed over and ends")));
  machine.reload();
  await until(() => Promise.resolve(shown.includes("[INFO] Reading the settings again")));
  assert.match(shown, /\[INFO\] Service started: version 2025\.11\.2, /);
  assert(!shown.includes("Service stopped"), shown);
  assert.equal(shown.match(/Handing over to version 2025\.11\.2/g)?.length, 1);
  await machine.end(0, "gracefully");
  assert.equal((await running).code, 0);
  assert.match(shown, /\[INFO\] Service stopped\n$/);
});

test("an installation waits for the window", async () => {
  await using world = await TestWorld.make();
  // A minute that was over some hours ago.
  const at = new Date(Date.now() - 6 * 3_600_000).toISOString().slice(11, 14);
  world.env["CCO_UPDATES_WINDOW"] = `${at}00-${at}01 UTC`;
  await using _ = await installing(world, () => "serves");
  const lines = await logged(world, "Latest version: 2025.11.2");
  assert(!lines.some((line) => line.includes("Downloading")));
  assert.deepEqual(await world.installed(), ["cco"]);
});

test("cco run and cco daemon print documents of their published shapes", async () => {
  const text = await readFile(new URL("../../docs/schemas/cli-output.schema.json", import.meta.url), "utf8");
  const ajv = new Ajv2020({ allowUnionTypes: true, formats: { "date-time": true } });
  ajv.addSchema(JSON.parse(text), "output");
  await using world = await TestWorld.make();
  const { machine } = await machineWith(world);
  await using _ = machine;
  for (const name of ["start", "start", "status", "restart", "logs", "stop"]) {
    const { code, document } = await world.json(`daemon ${name}`);
    assert.equal(code, 0, name);
    const validate = ajv.getSchema(`output#/$defs/${encodeURIComponent(`daemon ${name}`)}`)!;
    assert(validate(document), `${name}: ${ajv.errorsText(validate.errors)}`);
  }
  const running = world.json("run");
  await until(async () => (await world.run("daemon status")).code === 0);
  await machine.end(0, "gracefully");
  assert.deepEqual((await running).document, { outcome: "stopped", version: "2025.11.1" });
});

async function update(world: TestWorld): Promise<void> {
  await world.publish([{ version: "2025.11.2" }]);
  const { code, stderr } = await world.run("update --yes");
  assert.equal(code, 0, stderr);
  world.build = { ...world.build, version: "2025.11.2" };
}

/** What a question answers once it answers with something. */
async function until<T>(ask: () => Promise<T | false | undefined>): Promise<T> {
  // Only against hanging.
  const end = Date.now() + 60_000;
  for (;;) {
    const answer = await ask();
    if (answer !== false && answer !== undefined) return answer;
    assert(Date.now() < end, "it never happened");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
