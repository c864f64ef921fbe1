/**
 * A disk that becomes full at any moment of an update: after each call that changes a file system, in the middle of the
 * new executable, and at single writes.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { namesIn } from "../../scripts/demo/home.ts";
import { must, prepared, skipWithout } from "./support/means.ts";
import { Scene } from "./support/scene.ts";
import { stepThrough } from "./support/stepped.ts";

/** `CCO_FULL` limits how many moments are tried; they are then spread evenly. */
const MOMENTS = Number(Deno.env.get("CCO_FULL") ?? 60);
const MIB = 1024 * 1024;
const FILLER = "filler";

interface Figures {
  updated: number;
  refused: number;
  /** The runtime itself gave up, as when a pipe between its threads was the one that was full. */
  crashed: number;
}

for (const { title, spare } of [{ title: "full", spare: 0 }, { title: "full but for 20 MiB", spare: 20 }]) {
  test(`an update whose disk becomes ${title} after any of its calls succeeds or changes nothing`, {
    skip: skipWithout("mount", "strace", "fallocate"),
  }, async (t) => {
    const scene = await Scene.set(t);
    if (!await prepared(t, () => onOneDisk(scene))) return;
    await scene.install();
    const options = { args: ["update", "--yes"], env: scene.env };
    const whole = await stepThrough(scene.executable, options, () => "continue");
    assert.equal(whole.code, 0);
    const figures: Figures = { updated: 0, refused: 0, crashed: 0 };
    const points = sample(whole.calls, MOMENTS);
    for (const { index, text } of points) {
      await reset(scene);
      const where = `${title} after call ${index + 1} of ${whole.calls.length}, ${text}`;
      const { code, stdout } = await stepThrough(
        scene.executable,
        options,
        async (call): Promise<"continue"> => {
          if (call.index === index) await fill(scene, spare);
          return "continue";
        },
      );
      await assertAnswered(scene, { code, said: stdout, where }, figures);
    }
    console.log(`${title}: ${points.length} of ${whole.calls.length} moments: ${JSON.stringify(figures)}`);
    assert.equal(figures.crashed, 0);
    assert.ok(figures.updated > 0 && figures.refused > 0);
  });
}

test("an update with a single write that finds the disk full succeeds or changes nothing", {
  skip: skipWithout("mount", "strace"),
}, async (t) => {
  const scene = await Scene.set(t);
  if (!await prepared(t, () => onOneDisk(scene))) return;
  const figures: Figures = { updated: 0, refused: 0, crashed: 0 };
  let writes = 0;
  // Each thread counts its own writes, those into pipes too: a runtime that cannot wake its threads may crash.
  for (let number = 1; writes < MOMENTS; number = Math.ceil(number * 1.15)) {
    await reset(scene);
    const trace = join(scene.state, "trace");
    const { code, stdout, stderr } = await new Deno.Command("strace", {
      args: [
        ...["-f", "-qq", "--seccomp-bpf", "-o", trace, "--trace=write,pwrite64"],
        `--inject=write,pwrite64:error=ENOSPC:when=${number}`,
        ...[scene.executable, "update", "--yes"],
      ],
      env: scene.env,
      clearEnv: true,
      stdin: "null",
    }).output();
    if (!(await Deno.readTextFile(trace)).includes("(INJECTED)")) break;
    await Deno.remove(trace);
    writes++;
    const decoder = new TextDecoder();
    const said = decoder.decode(stdout) + decoder.decode(stderr);
    await assertAnswered(scene, { code, said, where: `write ${number} of each thread` }, figures);
  }
  console.log(`single writes: ${writes} tried: ${JSON.stringify(figures)}`);
  assert.ok(figures.refused > 0);
});

/** Executable, state and downloads on one file system with room for what an update needs, and a little more. */
async function onOneDisk(scene: Scene): Promise<void> {
  const { old, new: newer } = scene.place;
  const size = Math.ceil((old.size + newer.size) / MIB) + 80;
  const disk = join(scene.bin, "..", "disk");
  await Deno.mkdir(disk);
  await scene.mount(disk, "-t", "tmpfs", "-o", `size=${size}m,mode=755`, "tmpfs");
  for (const folder of [scene.bin, scene.state]) {
    const there = join(disk, folder === scene.bin ? "bin" : "state");
    await Deno.mkdir(there);
    await scene.mount(folder, "--bind", there);
  }
}

async function reset(scene: Scene): Promise<void> {
  for (const folder of [scene.bin, scene.state]) {
    for (const name of await namesIn(folder)) await Deno.remove(join(folder, name), { recursive: true });
  }
  await scene.install();
}

/** Leaves so many MiB free, or nothing. */
async function fill({ state }: Scene, spare: number): Promise<void> {
  const path = join(state, FILLER);
  const available = Number((await must("stat", "-f", "-c", "%a", state)).trim()) * 4096;
  const size = available - spare * MIB;
  if (size > 0) await must("fallocate", "-l", String(size), path);
}

/** Whatever was said: the old or the new version is there and works, and so does the next update once there is room. */
async function assertAnswered(
  scene: Scene,
  { code, said, where }: { code: number; said: string; where: string },
  figures: Figures,
): Promise<void> {
  const kind = await scene.installed();
  assert.notEqual(kind, "neither", where);
  if (code === 0) {
    // A log or a state file that could not be written is no reason to call an update failed.
    figures.updated++;
    assert.equal(kind, "new", where);
  } else if (code === 5 || code === 1 || code === 3 || code === 4) {
    figures.refused++;
  } else figures.crashed++;
  await Deno.remove(join(scene.state, FILLER)).catch(() => {});
  const next = await scene.run(["update", "--yes", "--version", "2025.11.2"]);
  assert.equal(next.code, 0, `${where}: ${said}\n${next.stdout}${next.stderr}`);
  assert.equal(await scene.installed(), "new", where);
  assert.deepEqual(await scene.names(), ["cco", "cco.backup"], where);
  const state = join(scene.state, "cco");
  assert.deepEqual(await namesIn(join(state, "downloads")), [], where);
  assert.deepEqual((await namesIn(state)).filter((name) => name.endsWith(".tmp")), [], where);
}

/** Evenly spread, the first and the last included. */
function sample<T>(all: readonly T[], count: number): T[] {
  if (all.length <= count) return [...all];
  const step = (all.length - 1) / (count - 1);
  return Array.from({ length: count }, (_, index) => all[Math.round(index * step)]!);
}
