/**
 * The same update on the other platforms whose executables can be run here: Linux on ARM64 under QEMU, and Windows under
 * wine.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { fileDigest } from "../../scripts/build_cache.ts";
import { namesIn } from "../../scripts/demo/home.ts";
import { publish } from "../../scripts/demo/release.ts";
import { startReleaseServer } from "../../scripts/demo/release_server.ts";
import { ARM64_ENVIRONMENT, prepareArm64 } from "../../scripts/emulators/arm64.ts";
import { Wine } from "../../scripts/emulators/wine.ts";
import { compiledVersion, RELEASE_KEY } from "../support/deno/compiled_version.ts";
import { executableOf, NEW, OLD } from "../support/deno/published.ts";

interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How executables of another platform are run. */
interface Emulator {
  run(executable: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<Output>;
  start(
    executable: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Deno.ChildProcess;
  path(path: string): string;
}

interface PlatformCase {
  readonly platform: string;
  readonly name: string;
  readonly open: () => Promise<Emulator | string>;
  /** Files that a running program keeps from being removed; a later update sweeps them. */
  readonly leftByRollback: RegExp | undefined;
}

const CASES: readonly PlatformCase[] = [
  { platform: "linux-aarch64", name: "cco", open: openArm64, leftByRollback: undefined },
  {
    platform: "windows-x86_64",
    name: "cco.exe",
    open: openWine,
    leftByRollback: /^\.cco\.exe\.old-[0-9a-f]{16}\.exe$/,
  },
];
const KILLS = 12;

for (const { platform, name, open, leftByRollback } of CASES) {
  test(`a compiled cco for ${platform} updates itself and goes back`, async (t) => {
    const emulator = await open();
    if (typeof emulator === "string") return t.skip(emulator);
    const machine = await installed(t, emulator, platform, name);

    assert.equal((await machine.run("--version")).stdout, `cco ${OLD}\n`);
    const update = await machine.run("update", "--yes");
    assert.equal(update.code, 0, update.stderr);
    assert.match(update.stdout, /✅ Successfully updated to v2025\.11\.2/);
    assert.equal(await fileDigest(machine.executable), machine.newDigest);
    assert.deepEqual(await namesIn(machine.folder), [name, `${name}.backup`]);
    assert.equal((await machine.run("--version")).stdout, `cco ${NEW}\n`);

    const back = await machine.run("rollback");
    assert.equal(back.code, 0, back.stderr);
    assert.equal(await fileDigest(machine.executable), machine.oldDigest);
    const strays = (await namesIn(machine.folder)).filter((entry) => entry !== name);
    assert.ok(strays.every((entry) => leftByRollback?.test(entry)), strays.join());

    const again = await machine.run("update", "--yes");
    assert.equal(again.code, 0, again.stderr);
    assert.deepEqual(await namesIn(machine.folder), [name, `${name}.backup`]);
  });

  test(`a cco for ${platform} killed at any moment of an update is the old or the new one`, async (t) => {
    const emulator = await open();
    if (typeof emulator === "string") return t.skip(emulator);
    const machine = await installed(t, emulator, platform, name);
    const started = performance.now();
    assert.equal((await machine.run("update", "--yes")).code, 0);
    const whole = performance.now() - started;
    assert.equal((await machine.run("rollback")).code, 0);

    const found = { old: 0, new: 0, missing: 0 };
    for (let kill = 0; kill < KILLS; kill++) {
      const child = machine.start("update", "--yes");
      await killAfter(child, whole * (kill + 0.5) / KILLS);
      found[await whatIsThere(machine)]++;
      const finish = await machine.run("update", "--yes");
      assert.equal(finish.code, 0, finish.stderr);
      assert.equal(await fileDigest(machine.executable), machine.newDigest);
      assert.equal((await machine.run("rollback")).code, 0);
    }
    t.diagnostic(`${platform}: ${KILLS} kills, ${JSON.stringify(found)}`);
    console.log(`${platform}: ${KILLS} kills, ${JSON.stringify(found)}`);
    assert.equal(found.missing, 0);
  });
}

interface Machine {
  readonly folder: string;
  readonly executable: string;
  readonly oldDigest: string;
  readonly newDigest: string;
  run(...args: string[]): Promise<Output>;
  start(...args: string[]): Deno.ChildProcess;
}

async function installed(
  t: Pick<TestContext, "after">,
  emulator: Emulator,
  platform: string,
  name: string,
): Promise<Machine> {
  const [before, after] = [await compiledVersion(OLD, platform), await compiledVersion(NEW, platform)];
  const server = startReleaseServer();
  t.after(() => server[Symbol.asyncDispose]());
  await publish(server, [before, after], RELEASE_KEY);
  const home = await Deno.makeTempDir({ prefix: "cco-platform-" });
  t.after(() => Deno.remove(home, { recursive: true }));
  const folder = join(home, "bin");
  const executable = join(folder, name);
  await Deno.mkdir(folder);
  await Deno.copyFile(executableOf(before).path, executable);
  const env = {
    HOME: home,
    XDG_STATE_HOME: join(home, "state"),
    XDG_CONFIG_HOME: join(home, "config"),
    APPDATA: emulator.path(join(home, "config")),
    LOCALAPPDATA: emulator.path(join(home, "state")),
    CCO_UPDATES_SOURCES: `${server.base}version-manifest.json`,
  };
  return {
    folder,
    executable,
    oldDigest: executableOf(before).sha256,
    newDigest: executableOf(after).sha256,
    run: (...args) => emulator.run(executable, args, env),
    start: (...args) => emulator.start(executable, args, env),
  };
}

async function whatIsThere(
  { executable, oldDigest, newDigest }: Machine,
): Promise<"old" | "new" | "missing"> {
  const digest = await fileDigest(executable).catch(() => "missing");
  assert.ok([oldDigest, newDigest, "missing"].includes(digest), "neither the old nor the new executable");
  return digest === oldDigest ? "old" : digest === newDigest ? "new" : "missing";
}

/** Kills a program at a moment of its run that is what this test is about. */
async function killAfter(child: Deno.ChildProcess, milliseconds: number): Promise<void> {
  const timer = setTimeout(() => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }, milliseconds);
  await child.output();
  clearTimeout(timer);
}

async function openArm64(): Promise<Emulator | string> {
  const reason = await prepareArm64();
  if (reason !== undefined) return reason;
  const command = (executable: string, args: readonly string[], env: Readonly<Record<string, string>>) =>
    new Deno.Command(executable, {
      args: [...args],
      env: { PATH: Deno.env.get("PATH") ?? "", ...ARM64_ENVIRONMENT, ...env },
      clearEnv: true,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
  return {
    async run(executable, args, env) {
      const { code, stdout, stderr } = await command(executable, args, env).output();
      const decoder = new TextDecoder();
      return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
    },
    start: (executable, args, env) => command(executable, args, env).spawn(),
    path: (path) => path,
  };
}

async function openWine(): Promise<Emulator | string> {
  const wine = await Wine.open();
  if (typeof wine === "string") return wine;
  return {
    run: (executable, args, env) => wine.run(executable, args, env),
    start: (executable, args, env) => wine.start(executable, args, env),
    path: Wine.path,
  };
}
