/** Cuts the power at every operation of a scenario and of the recoveries after it, and looks at what is left. */

import { recover } from "../../../src/recover.ts";
import { type MemoryDisk, MemoryMachine, type MemoryOperation } from "../../../src/runtime/memory.ts";
import { seededRandom } from "../../../src/runtime/memory/random.ts";
import type { Runtime } from "../../../src/runtime/types.ts";
import { placesOn, program, programs, recordIn, stateFile } from "./places.ts";
import { type Scenario, serve } from "./scenario.ts";

/** What an exploration found. */
export interface Exploration {
  /** How many moments the power was cut at. */
  readonly moments: number;
  /** How many disk images were recovered from, in the first and the second generation of power cuts. */
  readonly states: number;
  /** What was wrong, each with the history that led to it. */
  readonly violations: readonly string[];
}

/** How thoroughly a scenario is explored. */
export interface ExploreOptions {
  /** How many power cuts follow one another. */
  readonly cuts?: number;
  /** Chooses the sample of images where there are too many. */
  readonly seed?: number;
  /** How many processes recover at the same time. */
  readonly recoverers?: number;
  /** Changes what the scenario asks of the runtime: to show that a missing step is noticed. */
  readonly sabotage?: (runtime: Runtime) => Runtime;
  /** Stops at this many violations. */
  readonly enough?: number;
}

/**
 * Explores a scenario.
 *
 * @param scenario What happens.
 * @param options How thoroughly.
 * @returns What was found.
 */
export async function explore(scenario: Scenario, options: ExploreOptions = {}): Promise<Exploration> {
  const explorer = new Explorer(scenario, options);
  return await explorer.run();
}

class Explorer {
  readonly #scenario: Scenario;
  readonly #options: Required<ExploreOptions>;
  readonly #seen = new Set<string>();
  readonly #violations: string[] = [];
  #moments = 0;
  #states = 0;

  constructor(scenario: Scenario, options: ExploreOptions) {
    this.#scenario = scenario;
    this.#options = {
      cuts: 2,
      seed: 1,
      recoverers: 1,
      sabotage: (runtime) => runtime,
      enough: 20,
      ...options,
    };
  }

  async run(): Promise<Exploration> {
    const { act, promised } = this.#scenario;
    const machine = this.#machine(undefined);
    const runtime = this.#options.sabotage(machine.start({ execPath: this.#places.executable }));
    const moments = await recordMoments(machine, () => act(runtime));
    await this.#cutAll(moments, this.#options.cuts, []);
    if (this.#scenario.os !== "windows") await this.#requirePromise(machine.disk, promised);
    return this.#result();
  }

  /** Once it is reported as done it is done. On Windows nothing can force names to the disk in time. */
  async #requirePromise(end: MemoryDisk, promised: string): Promise<void> {
    for (const { disk } of end.powerCuts(this.#options.seed)) {
      const history = ["reported as done, then a power cut"];
      const version = await this.#liveVersion(disk);
      if (version !== promised) this.#report([...history, `live is ${version}`]);
      if (this.#hasRecord(disk)) this.#report([...history, "the record is back"]);
      this.#requireWatched(disk, version, history);
      const { refused } = this.#scenario;
      const isRefused = refused === undefined || this.#remembers(disk, "refused-versions.json", refused);
      if (!isRefused) this.#report([...history, `${refused} is not remembered as failed`]);
    }
  }

  #result(): Exploration {
    return { moments: this.#moments, states: this.#states, violations: this.#violations };
  }

  get #places() {
    return placesOn(this.#scenario.os);
  }

  async #cutAll(moments: readonly Moment[], cutsLeft: number, history: readonly string[]): Promise<void> {
    for (const { after, disk } of moments) {
      this.#moments++;
      for (const cut of disk.powerCuts(this.#options.seed)) {
        if (this.#violations.length >= this.#options.enough) return;
        const key = `${cutsLeft} ${cut.disk.fingerprint()}`;
        if (this.#seen.has(key)) continue;
        this.#seen.add(key);
        const lost = cut.lost.length === 0 ? "" : `, lost: ${cut.lost.join("; ")}`;
        await this.#recoverFrom(cut.disk, cutsLeft - 1, [...history, `power cut after ${after}${lost}`]);
      }
    }
  }

  async #recoverFrom(disk: MemoryDisk, cutsLeft: number, history: readonly string[]): Promise<void> {
    this.#states++;
    if (this.#scenario.os !== "windows") await this.#requireWorking(disk, [...history, "before recovery"]);
    const machine = this.#machine(disk);
    // Another number than the dead process had: a number that comes back is a test of its own.
    const pids = Array.from({ length: this.#options.recoverers }, (_, index) => 200 + 10 * cutsLeft + index);
    const problems: unknown[] = [];
    const stop = pids.length > 1 ? interleave(machine, this.#states) : () => {};
    const moments = await recordMoments(machine, async () => {
      await Promise.all(
        pids.map((pid) => this.#recover(machine, pid).catch((error) => problems.push(error))),
      );
    });
    stop();
    if (problems.length > 0) return this.#report([...history, `recovery failed: ${problems.join("; ")}`]);
    await this.#requireTidy(machine, [...history, "after recovery"]);
    if (cutsLeft > 0) await this.#cutAll(moments, cutsLeft, history);
  }

  async #recover(machine: MemoryMachine, pid: number): Promise<void> {
    const { executable, state } = this.#places;
    const runtime = machine.start({ pid, execPath: executable });
    await recover({ runtime, executable, stateDirectory: state });
    runtime.kill();
  }

  async #requireWorking(disk: MemoryDisk, history: readonly string[]): Promise<void> {
    const { outcomes, transient } = this.#scenario;
    const version = await this.#liveVersion(disk);
    const isWhole = version !== undefined && (version in outcomes || version === transient);
    if (!isWhole) this.#report([...history, `live is ${version}`]);
    // A second power cut may come after a recovery has committed; recovery itself starts no probation.
    const wasRecovered = history.length > 2;
    if (!wasRecovered && !this.#hasRecord(disk)) this.#requireWatched(disk, version, history);
  }

  /** A new version that is committed is on probation: one that nobody watches could fail for ever. */
  #requireWatched(disk: MemoryDisk, live: string | undefined, history: readonly string[]): void {
    if (live !== this.#scenario.watched) return;
    if (live !== undefined && !this.#remembers(disk, "probation.json", live)) {
      this.#report([...history, `${live} is not on probation`]);
    }
  }

  #remembers(disk: MemoryDisk, file: Parameters<typeof stateFile>[1], version: string): boolean {
    const text = this.#machine(disk.snapshot()).read(stateFile(this.#places, file));
    return text?.includes(`"${version}"`) === true;
  }

  #hasRecord(disk: MemoryDisk): boolean {
    return this.#machine(disk.snapshot()).read(recordIn(this.#places)) !== undefined;
  }

  async #requireTidy(machine: MemoryMachine, history: readonly string[]): Promise<void> {
    const { folder, executable, backup } = this.#places;
    const { outcomes, os } = this.#scenario;
    const live = await this.#versionAt(machine, executable);
    if (live === undefined || !(live in outcomes)) return this.#report([...history, `live is ${live}`]);
    const kept = await this.#versionAt(machine, backup);
    if (!outcomes[live]!.includes(kept)) {
      this.#report([...history, `live is ${live}, but the backup is ${kept}`]);
    }
    const mode = machine.mode(executable);
    if (os !== "windows" && mode !== 0o755) this.#report([...history, `the mode is ${mode?.toString(8)}`]);
    // What was running during the recovery is removed at the start after it.
    if (os === "windows") await this.#recover(machine, 300);
    const name = (path: string) => path.slice(folder.length + 1);
    const strays = machine.names(folder).filter((one) => one !== name(executable) && one !== name(backup));
    if (strays.length > 0) this.#report([...history, `left behind: ${strays.join(", ")}`]);
  }

  async #liveVersion(disk: MemoryDisk): Promise<string | undefined> {
    return await this.#versionAt(this.#machine(disk.snapshot()), this.#places.executable);
  }

  /** Whether it runs is tried: content that is whole is not enough, it must be executable. */
  async #versionAt(machine: MemoryMachine, path: string): Promise<string | undefined> {
    // As the file's content says, not as it behaves under this name: what fails its probe is a whole file all the same.
    const text = machine.read(path);
    if (text === undefined) return undefined;
    const runtime = machine.start({ execPath: `${this.#places.state}-tester` });
    try {
      const limits = { timeout: 1000, maxOutputBytes: 1000 };
      const result = await runtime.run(path, { args: ["--version"], env: {}, ...limits });
      return /app (\S+)/.exec(new TextDecoder().decode(result.stdout))?.[1] ?? /app ([\d.]+)/.exec(text)?.[1];
    } catch {
      return undefined;
    } finally {
      runtime.kill();
    }
  }

  #machine(disk: MemoryDisk | undefined): MemoryMachine {
    const { os, live, backup, hasLinks = true } = this.#scenario;
    const machine = new MemoryMachine({
      os,
      programs,
      fetch: serve,
      ...(disk === undefined ? {} : { disk }),
    });
    if (!hasLinks) machine.operations.fail("unsupported", ({ name }) => name === "link");
    if (disk !== undefined) return machine;
    if (this.#scenario.refusesRename) {
      machine.operations.fail("other", (one) => isSwap(one, this.#places.executable));
    }
    machine.putFolder(this.#places.state);
    machine.put(this.#places.executable, program(live));
    if (backup !== undefined) machine.put(this.#places.backup, program(backup));
    return machine;
  }

  #report(history: readonly string[]): void {
    this.#violations.push(`${this.#scenario.os}, ${this.#scenario.name}: ${history.join(" > ")}`);
  }
}

function isSwap({ name, path, to }: MemoryOperation, executable: string): boolean {
  return name === "rename" && to === executable && /\.new-/.test(path);
}

/** Lets processes overtake one another: every operation waits for a random number of turns. */
function interleave(machine: MemoryMachine, seed: number): () => void {
  const random = seededRandom(seed);
  // append is synchronous.
  return machine.operations.before(({ name }) =>
    name === "append" ? undefined : turns(Math.floor(random() * 8))
  );
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await Promise.resolve();
}

/** The disk at a moment. */
interface Moment {
  /** The operation before it. */
  readonly after: string;
  readonly disk: MemoryDisk;
}

/** Does something and keeps the disk as it was after every operation that changed what a power cut may leave. */
async function recordMoments(machine: MemoryMachine, act: () => Promise<void>): Promise<Moment[]> {
  const moments: Moment[] = [];
  let revision = -1;
  let after = "the start";
  const record = () => {
    if (machine.disk.revision === revision) return;
    revision = machine.disk.revision;
    moments.push({ after, disk: machine.disk.snapshot() });
  };
  const stop = machine.operations.before(({ index, name, path, to }) => {
    record();
    after = `#${index} ${name} ${path}${to === undefined ? "" : ` to ${to}`}`;
  });
  await act();
  record();
  stop();
  return moments;
}
