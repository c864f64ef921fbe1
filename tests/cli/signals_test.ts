/** What the system asks of a service, as it asks: by signals to a process of its own. */

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { SIGNALS } from "../../src/cli/system_processes.ts";
import { askHealth } from "../../src/service/ask_health.ts";
import { startServiceProcess, until } from "./service_process.ts";

const skip = Deno.build.os === "windows" && "Windows has no signals that another process could send";

for (const signal of SIGNALS.posix.stop) {
  test(`${signal} stops the service in an orderly way, exit 0`, { skip }, async (t) => {
    const { child, home, logged } = await startServiceProcess(t);
    child.kill(signal);
    const { code, signal: killer } = await child.status;
    assert.deepEqual([code, killer], [0, null]);
    const log = await logged("Service stopped");
    assert.match(log, /\[INFO\] Stopping\n\S+ \[INFO\] Service stopped\n$/);
    // Its record is gone, so that the next one may start.
    await assert.rejects(readFile(join(home, ".local/state/cco/service.json")));
  });
}

test(
  "SIGHUP has the settings read again, whether they can be used or not, and the service goes on",
  { skip },
  async (t) => {
    const { child, home, port, logged } = await startServiceProcess(t);
    const health = () => askHealth({ host: "127.0.0.1", port });
    const { pid, uptime } = (await health())!;
    await writeFile(join(home, ".config/cco/config.toml"), "[updates]\nenabled = perhaps\n", { mode: 0o600 });
    child.kill("SIGHUP");
    await logged("The settings stay as they were");
    await writeFile(join(home, ".config/cco/config.toml"), "# better\n", { mode: 0o600 });
    child.kill("SIGHUP");
    await until(async () => (await logged("")).match(/Background checks are switched off/g)?.length === 2);
    const after = (await health())!;
    assert.equal(after.pid, pid);
    assert(after.uptime >= uptime);
    assert.equal(after.status, "ok");
  },
);

test("Ctrl-C, Ctrl-Break and a console that closes stop the service on Windows; nothing has it read the settings", () => {
  assert.deepEqual(SIGNALS.windows, { stop: ["SIGINT", "SIGBREAK", "SIGHUP"], reload: [] });
});
