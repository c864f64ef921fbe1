/** The compiled service under a real systemd: started, reloaded, updated, watched, stopped. */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import type { Home } from "../../scripts/demo/home.ts";
import { NEW, OLD, type Published, published } from "../support/deno/published.ts";
import { freePort } from "../support/free_port.ts";
import { healthAt, logWith, makeDue, publishScript, until } from "./support/serving.ts";
import { startLoad } from "./support/load.ts";
import { noSystemd, startSystemd, type TestSystemd } from "./support/systemd.ts";

const skip = noSystemd() ?? false;
const UNIT = "cco.service";

/** An installed `cco` whose service is systemd's. */
interface Installed {
  readonly systemd: TestSystemd;
  readonly home: Home;
  readonly port: number;
  readonly release: Published;
  /** Runs `cco` among what systemd has started. */
  readonly cco: (...args: string[]) => Promise<string>;
}

async function installed(
  t: TestContext,
  settings: Readonly<Record<string, string>> = {},
): Promise<Installed> {
  const release = await published(t);
  const { home } = release;
  const port = await freePort();
  const systemd = await startSystemd(t, home.folder);
  const cco = async (...args: string[]): Promise<string> => {
    const { code, text } = await systemd.run(home.executable, args, home.env);
    assert.equal(code, 0, text);
    return text;
  };
  const all = {
    "service.port": `${port}`,
    "updates.sources": `${release.server.base}version-manifest.json`,
    ...settings,
  };
  for (const [key, value] of Object.entries(all)) await cco("config", "set", key, value);
  return { systemd, home, port, release, cco };
}

const versionAt = async (port: number): Promise<string> => JSON.parse((await healthAt(port)).body).version;

test("systemd starts, reloads and stops the unit that cco daemon install makes", { skip }, async (t) => {
  const { systemd, home, port, cco } = await installed(t);
  const { show } = systemd;
  assert.match(
    await cco("daemon", "install", "--system"),
    /^✅ Service installed: \/etc\/systemd\/system\/cco\.service\n/,
  );
  assert.equal(await show(UNIT, "ActiveState"), "active");
  assert.equal(await show(UNIT, "UnitFileState"), "enabled");
  assert.equal(await show(UNIT, "StatusText"), `Version ${OLD}, http://127.0.0.1:${port}`);
  assert.equal(await versionAt(port), OLD);
  assert.match(await cco("daemon", "status"), /^Daemon is running \(PID: \d+\)\n/);

  const main = await show(UNIT, "MainPID");
  await cco("config", "set", "updates.enabled", "false");
  assert.equal((await systemd.run("systemctl", ["reload", UNIT])).code, 0);
  await logWith(home, "Background checks are switched off");
  assert.equal(await show(UNIT, "ActiveState"), "active");
  assert.equal(await show(UNIT, "MainPID"), main);

  await cco("daemon", "restart");
  assert.notEqual(await show(UNIT, "MainPID"), main);
  assert.equal(await show(UNIT, "ActiveState"), "active");

  const stopped = Date.now();
  assert.match(await cco("daemon", "stop"), /^✅ Daemon stopped\n$/);
  assert.equal(await show(UNIT, "ActiveState"), "inactive");
  assert.equal(await show(UNIT, "Result"), "success");
  console.log(`stopped in ${Date.now() - stopped} ms`);
  assert.match(await cco("daemon", "start"), /^✅ Daemon started/);
  assert.equal(await show(UNIT, "ActiveState"), "active");

  assert.match(await cco("daemon", "uninstall", "--system"), /^✅ Service uninstalled/);
  await assert.rejects(healthAt(port));
  assert.equal(await show(UNIT, "LoadState"), "not-found");
});

for (const access of ["all", "main"]) {
  test(
    `an update with NotifyAccess=${access}: the new version is the unit's main process, and no request fails`,
    { skip },
    async (t) => {
      const settings = { "updates.auto_install": "true", "service.probation": "3s" };
      const { systemd, home, port, cco } = await installed(t, settings);
      const { show } = systemd;
      await makeDue(home);
      const folder = `/etc/systemd/system/${UNIT}.d`;
      const change =
        `mkdir ${folder} && printf '[Service]\\nNotifyAccess=${access}\\n' > ${folder}/access.conf`;
      assert.equal((await systemd.run("sh", ["-c", change])).code, 0);
      await cco("daemon", "install", "--system");
      assert.equal(await show(UNIT, "NotifyAccess"), access);
      const before = await show(UNIT, "MainPID");
      const endLoad = startLoad(port);
      await logWith(home, "has handed over and ends");
      const { requests, failures, versions } = await endLoad();
      console.log(`${requests} requests, ${failures.length} failed`);
      assert.deepEqual(failures, []);
      assert.deepEqual(versions, [OLD, NEW]);
      const after = await until(async () => {
        const pid = await show(UNIT, "MainPID");
        return pid !== before && pid;
      });
      assert.equal(await show(UNIT, "ActiveState"), "active");
      assert.equal(await show(UNIT, "NRestarts"), "0");
      if (access === "all") {
        assert.equal(await show(UNIT, "StatusText"), `Version ${NEW}, http://127.0.0.1:${port}`);
      }

      // It is watched over: when it dies, systemd starts it again, from the executable that is there now.
      assert.equal((await systemd.run("kill", ["-KILL", after])).code, 0);
      await until(async () =>
        Number(await show(UNIT, "NRestarts")) > 0 && await show(UNIT, "ActiveState") === "active"
      );
      assert.equal(await until(() => versionAt(port).catch(() => undefined)), NEW);
      assert.match(await cco("daemon", "stop"), /^✅ Daemon stopped\n$/);
      assert.equal(await show(UNIT, "ActiveState"), "inactive");
    },
  );
}

test("a bad new version under systemd: the old one goes on as the same main process", { skip }, async (t) => {
  const settings = { "updates.auto_install": "true", "service.probation": "30s" };
  const { systemd, home, port, release, cco } = await installed(t, settings);
  const bad = `(sleep 3; kill -9 $$) & exec "${join(home.folder, "real")}" "$@"`;
  await Deno.copyFile(release.new.path, join(home.folder, "real"));
  await publishScript(release, dirname(home.executable) + "/../..", bad);
  await makeDue(home);
  await cco("daemon", "install", "--system");
  const before = await systemd.show(UNIT, "MainPID");
  await logWith(home, "rolled back to previous version");
  await logWith(home, "Service goes on");
  assert.equal(await systemd.show(UNIT, "MainPID"), before);
  assert.equal(await systemd.show(UNIT, "ActiveState"), "active");
  assert.equal(await versionAt(port), OLD);
});

test("systemd ends a service that hangs, and starts it again", { skip }, async (t) => {
  const { systemd, port, cco } = await installed(t);
  const { run, show } = systemd;
  await cco("daemon", "install", "--system");
  const folder = `/etc/systemd/system/${UNIT}.d`;
  const short =
    `mkdir -p ${folder} && printf '[Service]\\nWatchdogSec=4s\\nRestartSec=100ms\\n' > ${folder}/short.conf`;
  assert.equal(
    (await run("sh", ["-c", `${short} && systemctl daemon-reload && systemctl restart ${UNIT}`])).code,
    0,
  );
  // Three times as long as it may be silent: it is heard.
  await new Promise((resolve) => setTimeout(resolve, 12_000));
  assert.equal(await show(UNIT, "NRestarts"), "0");
  const hanging = await show(UNIT, "MainPID");
  await run("kill", ["-STOP", hanging]);
  await until(async () =>
    Number(await show(UNIT, "NRestarts")) > 0 && await show(UNIT, "ActiveState") === "active"
  );
  assert.notEqual(await show(UNIT, "MainPID"), hanging);
  assert.equal(await until(() => versionAt(port).catch(() => undefined)), OLD);
});

for (const name of ["with space", `100%h $HOME "it's" ü`]) {
  test(
    `systemd starts a service that lies in a folder named ${JSON.stringify(name)}`,
    { skip },
    async (t) => {
      const { systemd, home, port } = await installed(t);
      const folder = join(home.folder, name);
      await Deno.mkdir(join(folder, "state"), { recursive: true });
      await Deno.copyFile(home.executable, join(folder, "cco"));
      await Deno.writeTextFile(join(folder, "my config.toml"), `[service]\nport = ${port}\n`);
      const env = { ...home.env, XDG_STATE_HOME: join(folder, "state") };
      const args = ["daemon", "install", "--system", "--config", join(folder, "my config.toml")];
      const { code, text } = await systemd.run(join(folder, "cco"), args, env);
      assert.equal(code, 0, text);
      assert.equal(await versionAt(port), OLD);
      assert((await Deno.stat(join(folder, "state/cco/service.json"))).isFile);
    },
  );
}
