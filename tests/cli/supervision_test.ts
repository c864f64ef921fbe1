/** When a service may hand over, by who watches over it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Invocation } from "../../src/cli/invocation.ts";
import { Output } from "../../src/cli/output.ts";
import type { Terminal } from "../../src/cli/terminal.ts";
import { mayHandOver, supervisorFor } from "../../src/cli/supervision.ts";
import { systemProcesses } from "../../src/cli/system_processes.ts";
import { developmentBuild } from "../../src/cli/build.ts";
import { memoryRuntime } from "../../src/runtime/memory.ts";
import { Log } from "../../src/service/log.ts";

const PID = "PID";
const TABLE:
  readonly (readonly [what: string, env: Readonly<Record<string, string>>, may: boolean, isTold: boolean])[] =
    [
      ["nobody", {}, true, false],
      [
        "systemd, which can be told",
        { SYSTEMD_EXEC_PID: PID, NOTIFY_SOCKET: "/run/systemd/notify" },
        true,
        true,
      ],
      ["systemd, by a unit that listens to nobody", { SYSTEMD_EXEC_PID: PID }, false, false],
      [
        "systemd, but another service: this one was started by it",
        { SYSTEMD_EXEC_PID: "1", NOTIFY_SOCKET: "/x" },
        true,
        false,
      ],
      [
        "systemd, and this one takes over from the one that it started",
        { SYSTEMD_EXEC_PID: "1", NOTIFY_SOCKET: "/x", CCO_TAKES_OVER_FROM: "1" },
        true,
        true,
      ],
      ["launchd", { CCO_SUPERVISOR: "launchd" }, false, false],
    ];

for (const [what, env, may, isTold] of TABLE) {
  test(`a service ${may ? "hands over" : "stays"} when ${what} watches over it`, async () => {
    const runtime = memoryRuntime();
    const lookUp = (name: string) => env[name]?.replace(PID, `${runtime.pid}`);
    const terminal = { env: lookUp } as Terminal;
    const output = new Output(terminal, { json: false, quiet: true, verbose: false });
    const world = { build: developmentBuild("1.0.0"), terminal, runtime, processes: systemProcesses };
    const invocation = new Invocation(world, output, {
      path: [],
      flags: new Map(),
      repeated: new Map(),
      values: [],
    });
    const supervisor = await supervisorFor(invocation, new Log(runtime, { folder: "/logs" }));
    assert.equal(supervisor !== undefined, isTold);
    assert.equal(mayHandOver(invocation, supervisor), may);
  });
}
