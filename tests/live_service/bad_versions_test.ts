/** New versions that are no good, under load: each ends with the old version serving and the bad one remembered. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileDigest } from "../../scripts/build_cache.ts";
import type { Home } from "../../scripts/demo/home.ts";
import { NEW, OLD, type Published } from "../support/deno/published.ts";
import { CLIENTS, startLoad } from "./support/load.ts";
import { healthAt, logWith, publishScript, serving, startInstalling, until } from "./support/serving.ts";

const skip = Deno.build.os === "windows" && "the bad versions are shell scripts";

/** A new version that does not serve, or not for long. */
interface Bad {
  readonly what: string;
  /** What it does after it has answered the probe; `$REAL` is the proper new version. */
  readonly command: string;
  /** What the log says of it. */
  readonly why: RegExp;
  /** Probation; the default unless given. */
  readonly probation?: string;
  /** How many requests each client may lose: those on the way when a process dies are lost. */
  readonly lost: 0 | 1 | 2;
}

const DUE = `printf '{"next":0,"failures":0,"isWaiting":false}' > "$XDG_STATE_HOME/cco/background.json"`;
const BAD: readonly Bad[] = [
  { what: "ends at once", command: "exit 1", why: /it ended at once/, lost: 0 },
  { what: "ends at once and calls it success", command: "exit 0", why: /it ended at once/, lost: 0 },
  { what: "hangs at its start", command: "exec sleep 600", why: /it did not answer in 20 s/, lost: 0 },
  {
    what: "is well for ten seconds and dies, in a probation of twenty",
    command: '(sleep 10; kill -9 $$) & exec "$REAL" "$@"',
    why: /it ended with exit code none/,
    probation: "20s",
    lost: 2,
  },
  {
    what: "is well for ten seconds and dies, in the default probation of a minute",
    command: '(sleep 10; kill -9 $$) & exec "$REAL" "$@"',
    why: /it ended with exit code none/,
    lost: 2,
  },
  {
    what: "hangs after three seconds",
    command: '(sleep 3; kill -STOP $$) & exec "$REAL" "$@"',
    why: /it does not answer/,
    lost: 2,
  },
  {
    what: "is degraded",
    command: `export CCO_UPDATES_SOURCES=http://127.0.0.1:9/; ${DUE}; exec "$REAL" "$@"`,
    why: /it is degraded: updates cannot be checked: /,
    lost: 0,
  },
];

for (const { what, command, why, probation, lost } of BAD) {
  test(
    `the old version serves, and remembers the new one, when that ${what}`,
    { skip },
    (t) =>
      serving(t, async (home, port, release) => {
        await publishScript(release, home.folder, command.replace("$REAL", release.new.path));
        await startInstalling(home, port, probation);
        const endLoad = startLoad(port);
        await logWith(home, "Service goes on");
        const { requests, rate, failures, gap } = await endLoad();
        console.log(`${requests} requests, ${rate}/s, ${failures.length} failed, longest gap ${gap} ms`);
        if (Deno.build.os === "linux") {
          const most = lost * 2 * CLIENTS;
          assert(failures.length <= most, `${failures.length} failed: ${failures.join("\n")}`);
        }
        assert.match(await logWith(home, "rolled back to previous version"), why);
        assert((await healthAt(port)).body.includes(`"failedUpdate":{"version":"${NEW}","at":"`));
        await isBack(home, port, release);
      }),
  );
}

test("a new version that dies after its probation is counted, and taken back at the fourth start", (t) =>
  serving(t, async (home, port, release) => {
    await startInstalling(home, port, "2s");
    // Until it has left the port nobody else may have it.
    await logWith(home, `Version ${OLD} has handed over and ends`);
    for (let start = 1; start <= 3; start++) {
      const { pid, version } = await until(() => statusOf(home));
      assert.equal(version, NEW);
      Deno.kill(pid, "SIGKILL");
      await until(async () => (await home.run("daemon", "status")).code === 1);
      const next = await home.run("daemon", "start");
      assert.equal(next.code, 0, next.stderr);
    }
    await logWith(home, `Version ${NEW} failed three times in a row, rolled back to ${OLD}`);
    await isBack(home, port, release);
  }));

/** What `cco daemon status` says while a service runs. */
async function statusOf(home: Home): Promise<{ pid: number; version: string } | undefined> {
  const { code, stdout } = await home.run("daemon", "status", "--json");
  return code === 0 ? JSON.parse(stdout) : undefined;
}

async function isBack(home: Home, port: number, { old }: Published): Promise<void> {
  const { status, body } = await healthAt(port);
  assert.equal(status, 200);
  assert(body.includes(`"status":"ok","version":"${OLD}"`), body);
  assert.equal(await fileDigest(home.executable), old.sha256);
  const check = JSON.parse((await home.run("update", "--check", "--json")).stdout);
  assert.equal(check.outcome, "held-back");
}
