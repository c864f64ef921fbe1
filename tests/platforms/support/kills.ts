/**
 * Updates of an emulated `cco` that are killed at random moments.
 *
 * @module
 */

import assert from "node:assert/strict";
import { fileDigest } from "../../../scripts/build_cache.ts";
import { namesIn } from "../../../scripts/demo/home.ts";
import { spread } from "../../support/deno/killed_updates.ts";
import { NEW, OLD } from "../../support/deno/published.ts";
import { Place, type Platform } from "./place.ts";

/** As many as there are processors, so that the moments are spread over the work and not over waiting. */
const WORKERS = Math.min(navigator.hardwareConcurrency, 4);

/**
 * Kills updates, each in a fresh home, at moments spread evenly over the time that an update takes. After each, the
 * program is exactly the old or exactly the new version and starts, and the next update succeeds and leaves no stray
 * file. Where a platform allows an instant without a program (Windows), `recover` of another program ends it.
 *
 * `CCO_SEED` repeats the moments of an earlier run, as far as the machine lets it.
 *
 * @param platform The platform.
 * @param kills How many.
 * @returns What was found, for a person.
 */
export async function killUpdates(platform: Platform, kills: number): Promise<string> {
  const seed = Number(Deno.env.get("CCO_SEED") ?? Math.floor(Math.random() * 2 ** 32));
  const duration = await durationOf(platform);
  const moments = spread(kills, duration, seed);
  const found = { killed: 0, old: 0, new: 0, none: 0 };
  await Promise.all(Array.from({ length: WORKERS }, async () => {
    for (let moment = moments.pop(); moment !== undefined; moment = moments.pop()) {
      await using place = await Place.make(platform);
      if (await place.killAfter(moment, "update", "--yes")) found.killed++;
      const where = `killed after ${moment.toFixed(0)} ms, seed ${seed}`;
      const state = await place.installed();
      found[state]++;
      if (state === "none") await recovered(place, where);
      await checkSurvivor(place, where);
    }
  }));
  assert(found.killed > 0, "every update was over before it was killed");
  return `${kills} updates of ${
    duration.toFixed(0)
  } ms, seed ${seed}: ${found.killed} killed; then ${found.old} were ` +
    `the old version, ${found.new} the new one, and ${found.none} none until recover(); broken: 0`;
}

async function recovered(place: Place, where: string): Promise<void> {
  assert.equal(place.platform.program, "cco.exe", `${where}: there is no program`);
  const { code, stderr } = await place.runLibrary("recover");
  assert.equal(code, 0, `${where}: ${stderr}`);
  assert.notEqual(await place.installed(), "none", where);
}

async function checkSurvivor(place: Place, where: string): Promise<void> {
  const { program, old, new: newer } = place.platform;
  const version = await place.run("--version");
  const expected = await place.installed() === "old" ? OLD : NEW;
  assert.deepEqual(version, { code: 0, stdout: `cco ${expected}\n`, stderr: "" }, where);
  const { code, stdout, stderr } = await place.run("update", "--yes");
  assert.equal(code, 0, `${where}: ${stdout}${stderr}`);
  assert.equal(await fileDigest(place.executable), newer.sha256, where);
  assert.equal(await fileDigest(`${place.executable}.backup`), old.sha256, where);
  // On Windows the probe of a killed updater may live on: what it runs is removed when it has ended.
  const names = (await place.names()).filter((name) => !/^\.cco\.exe\.(?:new|probe)-/.test(name));
  assert.deepEqual(names, [program, `${program}.backup`], where);
  assert.deepEqual(await namesIn(place.downloads), [], where);
}

async function durationOf(platform: Platform): Promise<number> {
  const durations = await Promise.all(Array.from({ length: WORKERS }, async () => {
    await using place = await Place.make(platform);
    const started = performance.now();
    const { code, stdout, stderr } = await place.run("update", "--yes");
    assert.equal(code, 0, stdout + stderr);
    return performance.now() - started;
  }));
  return Math.max(...durations);
}
