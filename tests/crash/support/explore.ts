/** Cuts the power at every operation of a scenario and of the recoveries after it, and looks at what is left. */

import type { MemoryDisk, MemoryMachine } from "../../../src/runtime/memory.ts";
import { seededRandom } from "../../../src/runtime/memory/random.ts";
import type { Runtime } from "../../../src/runtime/types.ts";
import {
  isFailing,
  machineFor,
  problemsAfterRecovery,
  problemsBeforeRecovery,
  problemsOfMemory,
  problemsOfProbation,
  problemsOncePromised,
  recoverAs,
} from "./inspect.ts";
import { placesOn } from "./places.ts";
import type { Scenario } from "./scenario.ts";

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
  /** The same for what recovers. */
  readonly sabotageRecovery?: (runtime: Runtime) => Runtime;
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
      sabotageRecovery: (runtime) => runtime,
      enough: 20,
      ...options,
    };
  }

  async run(): Promise<Exploration> {
    const { act, os } = this.#scenario;
    const machine = machineFor(this.#scenario);
    const runtime = this.#options.sabotage(machine.start({ execPath: placesOn(os).executable }));
    const moments = await recordMoments(machine, () => act(runtime));
    await this.#cutAll(moments, this.#options.cuts, [], false);
    // On Windows nothing can force names to the disk in time.
    if (os !== "windows") await this.#requirePromise(machine.disk);
    return this.#result();
  }

  async #requirePromise(end: MemoryDisk): Promise<void> {
    for (const { disk } of end.powerCuts(this.#options.seed)) {
      const history = ["reported as done, then a power cut"];
      this.#report(history, await problemsOncePromised(disk, this.#scenario));
    }
  }

  #result(): Exploration {
    return { moments: this.#moments, states: this.#states, violations: this.#violations };
  }

  /** `hasFailed`: before an earlier power cut a version was live that fails. */
  async #cutAll(
    moments: readonly Moment[],
    cutsLeft: number,
    history: readonly string[],
    hasFailed: boolean,
  ): Promise<void> {
    for (const { after, disk } of moments) {
      this.#moments++;
      for (const cut of disk.powerCuts(this.#options.seed)) {
        if (this.#violations.length >= this.#options.enough) return;
        const key = `${cutsLeft} ${hasFailed} ${cut.disk.fingerprint()}`;
        if (this.#seen.has(key)) continue;
        this.#seen.add(key);
        const lost = cut.lost.length === 0 ? "" : `, lost: ${cut.lost.join("; ")}`;
        const now = [...history, `power cut after ${after}${lost}`];
        await this.#recoverFrom(cut.disk, cutsLeft - 1, now, hasFailed);
      }
    }
  }

  async #recoverFrom(
    disk: MemoryDisk,
    cutsLeft: number,
    history: readonly string[],
    hadFailed: boolean,
  ): Promise<void> {
    this.#states++;
    await this.#requireWorking(disk, history);
    const hasFailed = hadFailed || await isFailing(disk, this.#scenario);
    const machine = machineFor(this.#scenario, disk);
    const problems: string[] = [];
    const moments = await recordMoments(machine, async () => {
      await Promise.all(this.#pids(cutsLeft).map((pid) => this.#recover(pid, machine, problems)));
    });
    if (problems.length === 0) problems.push(...await problemsAfterRecovery(machine, this.#scenario));
    problems.push(...await problemsOfProbation(machine.disk, this.#scenario));
    if (hasFailed) problems.push(...problemsOfMemory(machine.disk, this.#scenario));
    this.#report([...history, "after recovery"], problems);
    if (cutsLeft > 0) await this.#cutAll(moments, cutsLeft, history, hasFailed);
  }

  async #recover(pid: number, machine: MemoryMachine, problems: string[]): Promise<void> {
    const stop = this.#options.recoverers > 1 ? interleave(machine, this.#states) : () => {};
    try {
      await recoverAs(pid, machine, this.#scenario, this.#options.sabotageRecovery);
    } catch (error) {
      problems.push(`recovery failed: ${error}`);
    } finally {
      stop();
    }
  }

  /** Other numbers than the dead process had: a number that comes back is a test of its own. */
  #pids(cutsLeft: number): number[] {
    return Array.from({ length: this.#options.recoverers }, (_, index) => 200 + 10 * cutsLeft + index);
  }

  async #requireWorking(disk: MemoryDisk, history: readonly string[]): Promise<void> {
    const scenario = this.#scenario;
    const before = [...history, "before recovery"];
    if (scenario.os !== "windows") this.#report(before, await problemsBeforeRecovery(disk, scenario));
    this.#report(before, await problemsOfProbation(disk, scenario));
  }

  #report(history: readonly string[], problems: readonly string[]): void {
    const { os, name } = this.#scenario;
    for (const problem of problems) {
      this.#violations.push(`${os}, ${name}: ${[...history, problem].join(" > ")}`);
    }
  }
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
