/** The administrator guide's scripts that restart the daemon, unchanged, on three servers that run a compiled `cco`. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { fileDigest } from "../../scripts/build_cache.ts";
import { packExecutable } from "../../scripts/compile/archives.ts";
import { hostPlatform } from "../../scripts/compile/platforms.ts";
import { publishManifest } from "../../scripts/demo/release.ts";
import { guideScript, shippedScript } from "../support/administrator_guide.ts";
import { RELEASE_KEY } from "../support/deno/compiled_version.ts";
import { Fleet, SERVERS } from "../support/deno/fleet.ts";
import { NEW, OLD } from "../support/deno/published.ts";

const UPDATE = guideScript("sleep 2");
const ROLLING = guideScript("# rolling-update.sh");
const HEALTHY = new RegExp(`^Daemon is running .*\n.*\nVersion: (.*)\nHealth: ok\n`);

/** Runs a test on servers of which some serve; none does afterwards. */
async function serving(
  t: Pick<TestContext, "after">,
  servers: readonly typeof SERVERS[number][],
  body: (fleet: Fleet) => Promise<void>,
): Promise<void> {
  const fleet = await Fleet.make(t);
  try {
    for (const server of servers) {
      const { code, stderr } = await fleet.runOn(server, "cco daemon start");
      assert.equal(code, 0, stderr);
    }
    await body(fleet);
  } finally {
    for (const server of servers) await fleet.runOn(server, "cco daemon stop");
  }
}

/** The version that a server serves, when it is healthy. */
async function served(fleet: Fleet, server: typeof SERVERS[number]): Promise<string | undefined> {
  return HEALTHY.exec((await fleet.runOn(server, "cco daemon status")).stdout)?.[1];
}

test("update-cco.sh updates and restarts; the second time there is nothing to do", (t) =>
  serving(t, ["prod-1"], async (fleet) => {
    const first = await fleet.runOn("prod-1", UPDATE);
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stdout, /^Checking for CCO updates\.\.\.\nUpdate available, installing\.\.\.\n/);
    assert.match(
      first.stdout,
      /\nRestarting daemon\.\.\.\n✅ Daemon restarted .*\n[^]*\n✅ Update successful\n$/,
    );
    assert.equal(await served(fleet, "prod-1"), NEW);
    const second = await fleet.runOn("prod-1", UPDATE);
    assert.deepEqual(second, {
      code: 0,
      stdout: "Checking for CCO updates...\nNo updates available\n",
      stderr: "",
    });
  }));

test("the guide's health check says which version is healthy, and when none is", (t) =>
  serving(t, ["prod-1"], async (fleet) => {
    const script = guideScript("VERSION=$(cco version | head -1)\nHEALTH=");
    const { code, stdout } = await fleet.runOn("prod-1", script);
    assert.deepEqual({ code, stdout }, { code: 0, stdout: `✅ CCO is healthy: CCO version ${OLD}\n` });
    await fleet.runOn("prod-1", "cco daemon stop");
    const down = await fleet.runOn("prod-1", script);
    assert.deepEqual([down.code, down.stdout], [1, "❌ CCO health check failed\n"]);
  }));

test("rolling-update.sh, the guide's and the shipped one, updates one server after the other", async (t) => {
  for (const script of [ROLLING, await shippedScript("rolling-update.sh")]) {
    await serving(t, SERVERS, async (fleet) => {
      const { code, stdout, stderr } = await fleet.run(script, ...SERVERS);
      assert.equal(code, 0, stderr);
      const said = stdout.split("\n").filter((line) => /^(?:Updating|✅ (?:prod|All))/.test(line));
      assert.deepEqual(said, [
        ...SERVERS.flatMap((server) => [`Updating ${server}...`, `✅ ${server} healthy`]),
        "✅ All servers updated successfully",
      ]);
      for (const server of SERVERS) assert.equal(await served(fleet, server), NEW);
    });
  }
});

test("a version that ends the service: rolling-update.sh goes back with cp and stops", (t) =>
  serving(t, SERVERS, async (fleet) => {
    await publishScript(t, fleet, '"$0.backup" daemon stop; exit 1');
    const { code, stdout } = await fleet.run(ROLLING);
    assert.equal(code, 1, stdout);
    assert.match(stdout, /❌ prod-1 failed health check - ROLLING BACK\n✅ Daemon (?:re)?started/);
    assert.doesNotMatch(stdout, /prod-2/);
    for (const server of SERVERS) assert.equal(await served(fleet, server), OLD);
  }));

test("a version that can do nothing: the guide's rolling-update.sh goes on with it, the shipped one goes back", async (t) => {
  await serving(t, SERVERS, async (fleet) => {
    await publishScript(t, fleet, "exit 1");
    // It does not look at exit codes, and the health that it sees is that of the version before.
    const { code, stdout } = await fleet.run(ROLLING);
    assert.equal(code, 0, stdout);
    for (const server of SERVERS) {
      assert.equal((await fleet.runOn(server, "cco --version")).stdout, `cco ${NEW}\n`);
      await fleet.runOn(server, "mv ~/.local/bin/cco.backup ~/.local/bin/cco");
    }
  });
  const shipped = await shippedScript("rolling-update.sh");
  await serving(t, SERVERS, async (fleet) => {
    await publishScript(t, fleet, "exit 1");
    const { code, stdout } = await fleet.run(shipped, ...SERVERS);
    assert.equal(code, 1, stdout);
    assert.match(stdout, /❌ prod-1 failed - ROLLING BACK\n✅ Daemon restarted/);
    assert.doesNotMatch(stdout, /prod-2/);
    for (const server of SERVERS) assert.equal(await served(fleet, server), OLD);
  });
  await serving(t, SERVERS, async (fleet) => {
    // A version that is refused leaves everything as it was.
    fleet.manifest["app"] = "other";
    await publishManifest(fleet.server, fleet.manifest, RELEASE_KEY);
    const { code, stdout, stderr } = await fleet.run(shipped, ...SERVERS);
    assert.equal(code, 1);
    assert.match(stderr, /^Signature verification failed/);
    assert(stdout.endsWith("❌ prod-1 failed - ROLLING BACK\n"), stdout);
    for (const server of SERVERS) assert.equal(await served(fleet, server), OLD);
  });
});

test("the guide's manual rollback needs a stopped service: nothing writes into the file of a program that runs", (t) =>
  serving(t, ["prod-1"], async (fleet) => {
    assert.equal((await fleet.runOn("prod-1", UPDATE)).code, 0);
    const manual = guideScript("# Restore backup");
    const busy = await fleet.runOn("prod-1", manual);
    assert.match(busy.stderr, /cp: .*Text file busy/);
    assert.equal(await served(fleet, "prod-1"), NEW);
    await fleet.runOn("prod-1", "cco daemon stop");
    const { code, stdout } = await fleet.runOn("prod-1", manual);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`\nCCO version ${OLD}\n[^]*✅ Daemon (?:re)?started`));
    assert.equal(await served(fleet, "prod-1"), OLD);
  }));

/** Publishes a script as the newer version: it answers the probe, and runs a command whatever else it is asked. */
async function publishScript(t: Pick<TestContext, "after">, fleet: Fleet, command: string): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "cco-bad-" });
  t.after(() => Deno.remove(folder, { recursive: true }));
  const [script, archive] = [join(folder, "cco"), join(folder, "bad.tar.gz")];
  await Deno.writeTextFile(
    script,
    `#!/bin/sh\ncase "$1" in --version) echo "cco ${NEW}" ;; *) ${command} ;; esac\n`,
  );
  await packExecutable(script, archive, "tar.gz");
  const facts = async (path: string) => ({
    sha256: await fileDigest(path),
    size: (await Deno.stat(path)).size,
  });
  const { manifest, server } = fleet;
  manifest.versions[NEW]!.platforms[hostPlatform()] = {
    url: `${server.base}bad.tar.gz`,
    ...await facts(archive),
    binary: { path: "cco", ...await facts(script) },
  };
  server.files.set("bad.tar.gz", archive);
  await publishManifest(server, manifest, RELEASE_KEY);
}
