/** What the system asks of a service, as it asks: by signals to a process of its own. */

import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { SIGNALS } from "../../src/cli/system_processes.ts";
import { askHealth } from "../../src/service/ask_health.ts";

const skip = Deno.build.os === "windows" && "Windows has no signals that another process could send";
const root = fileURLToPath(new URL("../../", import.meta.url));

/** A service in a process of its own, and its home. */
interface Service {
  readonly home: string;
  readonly child: Deno.ChildProcess;
  readonly port: number;
  /** The log once it has a text. */
  readonly logged: (text: string) => Promise<string>;
}

async function service(t: Pick<TestContext, "after">): Promise<Service> {
  const home = await mkdtemp(join(tmpdir(), "cco-signals-"));
  const port = freePort();
  await mkdir(join(home, ".config/cco"), { recursive: true });
  await writeFile(join(home, ".config/cco/config.toml"), "", { mode: 0o600 });
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--quiet", `${root}cli.ts`, "run", `--port=${port}`, "--quiet"],
    env: {
      HOME: home,
      DENO_DIR: denoFolder(),
      PATH: Deno.env.get("PATH") ?? "",
      CCO_UPDATES_ENABLED: "false",
    },
    clearEnv: true,
    stdin: "null",
    stdout: "null",
  }).spawn();
  t.after(async () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended, as it should.
    }
    await child.status;
    await rm(home, { recursive: true });
  });
  await until(async () => (await askHealth({ host: "127.0.0.1", port }))?.status === "ok");
  const path = join(home, ".local/state/cco/logs/cco.log");
  const logged = async (text: string): Promise<string> => {
    await until(async () => (await readFile(path, "utf8").catch(() => "")).includes(text));
    return await readFile(path, "utf8");
  };
  return { home, child, port, logged };
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

function denoFolder(): string {
  return Deno.env.get("DENO_DIR") ?? join(Deno.env.get("HOME") ?? "/", ".cache/deno");
}

/** Only against hanging. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 90_000; !await isSo();) {
    assert(Date.now() < end, "it never happened");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

for (const signal of SIGNALS.posix.stop) {
  test(`${signal} stops the service in an orderly way, exit 0`, { skip }, async (t) => {
    const { child, home, logged } = await service(t);
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
    const { child, home, port, logged } = await service(t);
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
