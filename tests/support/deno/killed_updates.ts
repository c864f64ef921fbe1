/**
 * Updates of a compiled `cco` that are killed at random moments.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileDigest } from "../../../scripts/build_cache.ts";
import { type Home, namesIn } from "../../../scripts/demo/home.ts";
import { publish } from "../../../scripts/demo/release.ts";
import { startReleaseServer } from "../../../scripts/demo/release_server.ts";
import { RELEASE_KEY } from "./compiled_version.ts";
import { executableOf, homeWith, NEW, OLD, versions } from "./published.ts";
import { killAfter } from "./watched_process.ts";

/** As many at a time as there are processors, so that the moments are spread over the work and not over waiting. */
const WORKERS = Math.min(navigator.hardwareConcurrency, 4);

/** Why updates cannot be killed here, if so. */
export const SKIP_KILLS: string | false = Deno.build.os === "windows"
  ? "Windows has no process groups to kill"
  : false;

/** A little more than the whole: some updates are to be over when they are killed, however long they take by then. */
const WHOLE = 1.1;

/**
 * Kills updates, each in a fresh home, at moments spread evenly over the time that an update takes, as the latest ones
 * that were not killed tell; checks after each that the program starts, that it is exactly the old or exactly the new version, and that the next update succeeds and
 * leaves no stray file.
 *
 * `CCO_SEED` repeats the moments of an earlier run, as far as the machine lets it.
 *
 * @param t The test.
 * @param kills How many.
 */
export async function killUpdates(t: Pick<TestContext, "after">, kills: number): Promise<void> {
  const seed = Number(Deno.env.get("CCO_SEED") ?? Math.floor(Math.random() * 2 ** 32));
  const [before, after] = await versions();
  const server = startReleaseServer();
  t.after(() => server[Symbol.asyncDispose]());
  await publish(server, [before, after], RELEASE_KEY);
  const digests = new Map([before, after].map((version) => [version.version, executableOf(version).sha256]));
  const newHome = async () => {
    const home = await homeWith(server);
    await home.install(executableOf(before).path);
    return home;
  };

  const pace = new Pace(await durationOf(newHome));
  console.log(`Killing ${kills} updates that take about ${pace.duration.toFixed(0)} ms, seed ${seed}`);
  const parts = spread(kills, WHOLE, seed);
  const survivors: Survivor[] = [];
  await Promise.all(Array.from({ length: WORKERS }, async () => {
    for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
      await using home = await newHome();
      survivors.push(await killUpdate(home, part * pace.duration, { digests, seed, pace }));
    }
  }));
  report(survivors);
}

/** How long updates take at the moment: other work on the machine makes them slower and faster. */
class Pace {
  readonly #durations: number[];

  constructor(first: number) {
    this.#durations = [first];
  }

  get duration(): number {
    const latest = this.#durations.slice(-2 * WORKERS);
    return latest.reduce((sum, each) => sum + each) / latest.length;
  }

  add(duration: number): void {
    this.#durations.push(duration);
  }
}

/** What a killed update left behind. */
interface Survivor {
  /** Whether it was still running when it was killed. */
  readonly killed: boolean;
  /** Whether it left files of an unfinished update. */
  readonly unfinished: boolean;
  /** The version that was installed then. */
  readonly version: string;
}

async function killUpdate(
  home: Home,
  moment: number,
  { digests, seed, pace }: { digests: ReadonlyMap<string, string>; seed: number; pace: Pace },
): Promise<Survivor> {
  const where = `killed after ${moment.toFixed(1)} ms, seed ${seed}`;
  const killed = await killAfter(home.executable, { args: ["update", "--yes"], env: home.env }, moment);
  const unfinished = (await home.installed()).some((name) => name.startsWith("."));
  const version = await checkSurvivor(home, digests, where);
  const duration = await checkNextUpdate(home, digests, where);
  if (version === OLD) pace.add(duration);
  return { killed, unfinished, version };
}

function report(survivors: readonly Survivor[]): void {
  const count = (matches: (survivor: Survivor) => boolean) => survivors.filter(matches).length;
  const killed = count((survivor) => survivor.killed);
  const old = count(({ version }) => version === OLD);
  const newer = count(({ version }) => version === NEW);
  console.log(
    `${killed} killed, ${survivors.length - killed} over before; ` +
      `${
        count(({ unfinished }) => unfinished)
      } left files of an unfinished update; then ${old} were the old version and ` +
      `${newer} the new one, all of them started, and the next update of each succeeded`,
  );
  assert.equal(old + newer, survivors.length);
  assert(old > 0 && newer > 0, "no update was killed before, or none after the swap");
  assert(killed > survivors.length / 2, "most updates were over before they were killed");
}

async function durationOf(newHome: () => Promise<Home>): Promise<number> {
  const durations = await Promise.all(Array.from({ length: WORKERS }, async () => {
    await using home = await newHome();
    const started = performance.now();
    const { code, stdout, stderr } = await home.run("update", "--yes");
    assert.equal(code, 0, stdout + stderr);
    return performance.now() - started;
  }));
  return Math.max(...durations);
}

/**
 * Random moments, as many in each part of a duration as in every other, in random order.
 *
 * @param count How many.
 * @param duration The duration, in milliseconds.
 * @param seed The same seed gives the same moments.
 */
export function spread(count: number, duration: number, seed: number): number[] {
  const random = mulberry32(seed);
  return Array.from({ length: count }, (_, index) => ({
    moment: (index + random()) / count * duration,
    order: random(),
  })).sort((a, b) => a.order - b.order).map(({ moment }) => moment);
}

/** A small generator of numbers from 0 to 1 that gives the same ones for the same seed. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function checkSurvivor(
  home: Home,
  digests: ReadonlyMap<string, string>,
  where: string,
): Promise<string> {
  const { code, stdout, stderr } = await home.run("--version");
  assert.equal(code, 0, `${where}: ${stderr}`);
  const version = stdout.replace(/^cco (.*)\n$/, "$1");
  assert(digests.has(version), `${where}: it says ${stdout}`);
  assert.equal(await fileDigest(home.executable), digests.get(version), where);
  return version;
}

/** Returns how long the update took, in milliseconds. */
async function checkNextUpdate(
  home: Home,
  digests: ReadonlyMap<string, string>,
  where: string,
): Promise<number> {
  const started = performance.now();
  const { code, stdout, stderr } = await home.run("update", "--yes");
  const duration = performance.now() - started;
  assert.equal(code, 0, `${where}: ${stdout}${stderr}`);
  assert.equal(await fileDigest(home.executable), digests.get(NEW), where);
  assert.equal(await fileDigest(`${home.executable}.backup`), digests.get(OLD), where);
  assert.deepEqual(await home.installed(), ["cco", "cco.backup"], where);
  assert.deepEqual(await namesIn(join(home.folder, ".local", "state", "cco", "downloads")), [], where);
  return duration;
}
