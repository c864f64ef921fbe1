/**
 * Updates of a compiled `cco` in whatever may go wrong on a real machine: killed, raced, with system calls that fail.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileDigest } from "../../../scripts/build_cache.ts";
import { type Home, namesIn, type Output } from "../../../scripts/demo/home.ts";
import { seededRandom } from "../../../src/runtime/memory/random.ts";
import { isInstalled } from "./installed_program.ts";
import { homeWith, NEW, OLD, type Published, published } from "./published.ts";
import { killAfter } from "./watched_process.ts";

/** As many at a time as there are processors: more would spread them over waiting. */
const WORKERS = Math.min(navigator.hardwareConcurrency, 4);

type Trouble = "none" | "kill" | "fault" | "race";

/** Calls that fail, each in all its forms, and how often they occur at most in one thread of an update. */
const CALLS: readonly [calls: string, most: number][] = [
  ["rename,renameat,renameat2", 8],
  ["link,linkat", 5],
  ["unlink,unlinkat", 12],
  ["fsync,fdatasync", 12],
  ["chmod,fchmod,fchmodat", 4],
  ["mkdir,mkdirat", 4],
  ["write,pwrite64", 400],
];
const ERRORS = ["ENOSPC", "EIO", "EACCES", "EROFS"] as const;

/** What became of the rounds. */
interface Figures {
  readonly rounds: Record<Trouble, number>;
  /** Of those without trouble. */
  succeeded: number;
  /** No working executable at its path, old or new. */
  bricked: number;
  /** Names beside the executable or in its state that no version of the program needs. */
  strays: number;
  /** Updates that did not succeed although the trouble was over. */
  stuck: number;
}

/**
 * Updates again and again, each time in a fresh home, and checks after each that exactly the old or the new version is
 * there and starts, and that the next update succeeds and leaves no stray file. `CCO_SEED` repeats the choices of an
 * earlier run.
 *
 * @param t The test.
 * @param rounds How many.
 */
export async function soakUpdates(t: Pick<TestContext, "after">, rounds: number): Promise<void> {
  const seed = Number(Deno.env.get("CCO_SEED") ?? Math.floor(Math.random() * 2 ** 32));
  const place = await published(t);
  const soak = new Soak(place, seed, await durationOf(place));
  console.log(`Soaking ${rounds} updates of the real executable, seed ${seed}`);
  const left = Array.from({ length: rounds }, (_, round) => round);
  await Promise.all(Array.from({ length: WORKERS }, async () => {
    for (let round = left.pop(); round !== undefined; round = left.pop()) await soak.round(round);
  }));
  soak.report();
}

class Soak {
  readonly #place: Published;
  readonly #seed: number;
  readonly #duration: number;
  readonly #problems: string[] = [];
  readonly #figures: Figures = {
    rounds: { none: 0, kill: 0, fault: 0, race: 0 },
    succeeded: 0,
    bricked: 0,
    strays: 0,
    stuck: 0,
  };

  constructor(place: Published, seed: number, duration: number) {
    this.#place = place;
    this.#seed = seed;
    this.#duration = duration;
  }

  async round(number: number): Promise<void> {
    const random = seededRandom(this.#seed + number);
    const troubles: Trouble[] = isInstalled("strace")
      ? ["none", "kill", "fault", "race"]
      : ["none", "kill", "race"];
    const trouble = pick(troubles, random);
    this.#figures.rounds[trouble]++;
    await using home = await homeWith(this.#place.server);
    await home.install(this.#place.old.path);
    const hasBackup = random() < 0.5;
    if (hasBackup) await Deno.copyFile(this.#place.old.path, `${home.executable}.backup`);
    const what = await this.#act(trouble, home, random);
    const where = `round ${number}, ${what}, ${hasBackup ? "with" : "without"} a backup, seed ${this.#seed}`;
    await this.#inspect(home, trouble, where);
  }

  /** Returns what was done. */
  async #act(trouble: Trouble, home: Home, random: () => number): Promise<string> {
    const { executable, env } = home;
    const args = ["update", "--yes"];
    switch (trouble) {
      case "none": {
        const { code, stdout, stderr } = await home.run(...args);
        const isDone = code === 0 && await fileDigest(executable) === this.#place.new.sha256;
        if (isDone) this.#figures.succeeded++;
        else this.#problems.push(`without trouble: exit code ${code}: ${stdout}${stderr}`);
        return "without trouble";
      }
      case "kill": {
        const moment = random() * this.#duration;
        const isKilled = await killAfter(executable, { args, env }, moment);
        return `${isKilled ? "killed" : "over"} after ${moment.toFixed(1)} ms`;
      }
      case "fault": {
        const [calls, most] = pick(CALLS, random);
        const error = pick(ERRORS, random);
        const fault = `${calls}:error=${error}:when=${1 + Math.floor(random() * most)}`;
        const { code } = await runWithFault(home, fault, args);
        return `${fault}, exit code ${code}`;
      }
      case "race": {
        const outputs = await Promise.all(
          Array.from({ length: 2 + Math.floor(random() * 3) }, () => home.run(...args)),
        );
        const codes = outputs.map(({ code }) => code);
        const isFine = codes.includes(0) && codes.every((code) => code === 0 || code === 5);
        if (!isFine) this.#problems.push(`a race ended with exit codes ${codes}`);
        return `raced, exit codes ${codes}`;
      }
    }
  }

  async #inspect(home: Home, trouble: Trouble, where: string): Promise<void> {
    const { old, new: newer } = this.#place;
    const digest = await fileDigest(home.executable).catch(() => undefined);
    const version = digest === old.sha256 ? OLD : digest === newer.sha256 ? NEW : undefined;
    const started = version === undefined ? undefined : await home.run("--version");
    if (started?.stdout !== `cco ${version}\n`) {
      this.#figures.bricked++;
      return void this.#problems.push(`${where}: bricked, ${JSON.stringify(started)}`);
    }
    // A version whose probe was made to fail is not offered any more, unless it is asked for.
    const asked = trouble === "fault" ? ["--version", NEW] : [];
    const { code, stdout, stderr } = await home.run("update", "--yes", ...asked);
    const isStuck = code !== 0 || await fileDigest(home.executable) !== newer.sha256 ||
      await fileDigest(`${home.executable}.backup`) !== old.sha256;
    if (isStuck) {
      this.#figures.stuck++;
      this.#problems.push(`${where}: stuck, exit code ${code}: ${stdout}${stderr}`);
    }
    const state = join(home.folder, ".local", "state", "cco");
    const strays = [
      ...(await home.installed()).filter((name) => !["cco", "cco.backup"].includes(name)),
      ...await namesIn(join(state, "downloads")),
      ...(await namesIn(state)).filter((name) => name.endsWith(".tmp")),
    ];
    this.#figures.strays += strays.length;
    if (strays.length > 0) this.#problems.push(`${where}: left behind: ${strays.join(", ")}`);
  }

  report(): void {
    const { rounds, succeeded, bricked, strays, stuck } = this.#figures;
    const all = Object.values(rounds).reduce((sum, count) => sum + count, 0);
    const percent = (100 * succeeded / rounds.none).toFixed(0);
    console.log(
      `real soak: ${all} rounds (${
        JSON.stringify(rounds)
      }), without trouble ${succeeded} of ${rounds.none} ` +
        `succeeded (${percent} %); bricked ${bricked}, strays ${strays}, stuck ${stuck}`,
    );
    assert.deepEqual(this.#problems, []);
    assert.equal(succeeded, rounds.none);
  }
}

/** One call fails, in each thread that comes so far. */
async function runWithFault(home: Home, fault: string, args: readonly string[]): Promise<Output> {
  const [calls] = fault.split(":");
  const traced = ["-f", "-qq", "--seccomp-bpf", "-o", "/dev/null", `--trace=${calls}`, `--inject=${fault}`];
  const command = new Deno.Command("strace", {
    args: [...traced, home.executable, ...args],
    env: home.env,
    clearEnv: true,
    stdin: "null",
  });
  const { code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** How long an update takes while as many others are under way as later. */
async function durationOf({ server, old }: Published): Promise<number> {
  const durations = await Promise.all(Array.from({ length: WORKERS }, async () => {
    await using home = await homeWith(server);
    await home.install(old.path);
    const started = performance.now();
    const { code, stdout, stderr } = await home.run("update", "--yes");
    assert.equal(code, 0, stdout + stderr);
    return performance.now() - started;
  }));
  return Math.max(...durations);
}

function pick<T>(from: readonly T[], random: () => number): T {
  return from[Math.floor(random() * from.length)]!;
}
