import assert from "node:assert/strict";
import { test } from "node:test";
import { type MemoryRuntime, memoryRuntime } from "../../src/runtime/memory.ts";
import { type Supervisor, supervisorOf } from "../../src/service/supervisor.ts";

interface Watched {
  readonly runtime: MemoryRuntime;
  readonly supervisor: Supervisor | undefined;
  readonly sent: string[];
  readonly failures: unknown[];
}

/** A process with an environment; `PID` stands for its own number there. */
function watched(env: Record<string, string>, { isSuccessor = false, isDeaf = false } = {}): Watched {
  const runtime = memoryRuntime({ clock: "manual" });
  const sent: string[] = [];
  const failures: unknown[] = [];
  const supervisor = supervisorOf({
    runtime,
    env: (name) => env[name]?.replace("PID", `${runtime.pid}`),
    isSuccessor,
    notify: (address, message) => {
      if (isDeaf) return Promise.reject(new Error("nobody listens"));
      sent.push(`${address} ${message}`);
      return Promise.resolve();
    },
    onFailure: (error) => void failures.push(error),
  });
  return { runtime, supervisor, sent, failures };
}

const SOCKET = { NOTIFY_SOCKET: "/run/systemd/notify" };
const MAIN = { ...SOCKET, SYSTEMD_EXEC_PID: "PID" };

for (
  const [what, env, isSuccessor, isTold] of [
    ["nothing in the environment", {}, false, false],
    ["no socket", { SYSTEMD_EXEC_PID: "PID" }, false, false],
    ["a socket of another kind", { NOTIFY_SOCKET: "vsock:2:1234" }, false, false],
    ["the process that systemd has started", MAIN, false, true],
    ["an abstract socket", { ...MAIN, NOTIFY_SOCKET: "@cco/notify" }, false, true],
    ["a systemd before version 248", SOCKET, false, true],
    ["variables inherited from another service", { ...SOCKET, SYSTEMD_EXEC_PID: "1" }, false, false],
    [
      "who takes over from the process that systemd has started",
      { ...SOCKET, SYSTEMD_EXEC_PID: "1" },
      true,
      true,
    ],
  ] as const
) {
  test(`systemd is ${isTold ? "" : "not "}told: ${what}`, async () => {
    const { supervisor, sent } = watched(env, { isSuccessor });
    await supervisor?.ready("Version 1.0.0");
    assert.equal(supervisor !== undefined, isTold);
    assert.equal(sent.length, isTold ? 1 : 0);
  });
}

test("the life of a service, as systemd hears of it", async () => {
  const { supervisor, sent } = watched(MAIN);
  await supervisor!.ready("Version 1.0.0,\nhttp://127.0.0.1:3000");
  await supervisor!.reloading();
  await supervisor!.ready("Version 1.0.0");
  await supervisor!.stopping();
  assert.deepEqual(sent.map((line) => line.replace("/run/systemd/notify ", "")), [
    "READY=1\nSTATUS=Version 1.0.0, http://127.0.0.1:3000",
    "RELOADING=1",
    "READY=1\nSTATUS=Version 1.0.0",
    "STOPPING=1",
  ]);
});

test("a process that is being tried out says that it is ready and lives, not that the service ends", async () => {
  const env = { ...SOCKET, SYSTEMD_EXEC_PID: "1", WATCHDOG_USEC: "20000000", WATCHDOG_PID: "1" };
  const { supervisor, sent } = watched(env, { isSuccessor: true });
  await supervisor!.ready("Version 2.0.0");
  await supervisor!.reloading();
  await supervisor!.stopping();
  assert.deepEqual(sent.map((line) => line.split("\n")[0]!.replace(/.* /, "")), ["READY=1", "WATCHDOG=1"]);
});

test("systemd hears twice as often as it asks that the service lives, until it ends", async () => {
  const { runtime, supervisor, sent } = watched({ ...MAIN, WATCHDOG_USEC: "60000000", WATCHDOG_PID: "PID" });
  const lives = () => sent.filter((line) => line.endsWith("WATCHDOG=1")).length;
  await supervisor!.ready("");
  await supervisor!.ready("");
  assert.equal(lives(), 1);
  for (const expected of [1, 2, 2, 3]) {
    await runtime.machine.clock.advance(15_000);
    assert.equal(lives(), expected);
  }
  await supervisor!.stopping();
  await runtime.machine.clock.advance(120_000);
  assert.equal(lives(), 3);
});

for (
  const [what, env] of [["none", {}], ["one for another process", {
    WATCHDOG_PID: "1",
    WATCHDOG_USEC: "1000000",
  }]]
) {
  test(`nobody is told that the service lives where there is no watchdog: ${what}`, async () => {
    const { runtime, supervisor, sent } = watched({ ...MAIN, ...env as Record<string, string> });
    await supervisor!.ready("");
    await runtime.machine.clock.advance(10_000);
    assert.equal(sent.length, 1);
  });
}

test("who hands over says to whom, and no more that it lives itself", async () => {
  const { runtime, supervisor, sent } = watched({ ...MAIN, WATCHDOG_USEC: "2000000" });
  await supervisor!.ready("");
  await supervisor!.handedTo(4711);
  await runtime.machine.clock.advance(10_000);
  assert.deepEqual(sent.slice(2), ["/run/systemd/notify MAINPID=4711"]);
});

test("messages that do not arrive end nothing, and are told of once", async () => {
  const { supervisor, failures } = watched(MAIN, { isDeaf: true });
  await supervisor!.ready("");
  await supervisor!.stopping();
  assert.equal(failures.length, 1);
});
