import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { type FileErrorKind, isFileError, isUpdateError } from "../../src/errors.ts";
import type { MemoryMachine } from "../../src/runtime/memory.ts";
import { seededRandom } from "../../src/runtime/memory/random.ts";
import { machineFor, problemsAfterRecovery, recoverAs, versionAt } from "./support/inspect.ts";
import { placesOn } from "./support/places.ts";
import { type Scenario, scenariosOn } from "./support/scenario.ts";

const ROUNDS = 10_000;
const SEED = 20_251_101;

const KINDS: readonly FileErrorKind[] = [
  "denied",
  "busy",
  "full",
  "read-only",
  "cross-device",
  "unsupported",
  "other",
];
/** Operations that a failing disk or a full one can refuse. */
const FALLIBLE = [
  "open",
  "link",
  "rename",
  "remove",
  "chmod",
  "makeDirectory",
  "sync",
  "syncDirectory",
  "append",
];

type Trouble = "none" | "kill" | "fault" | "race";

test(`${ROUNDS} updates and rollbacks with kills, faults and races leave a working program and nothing else`, async () => {
  const random = seededRandom(SEED);
  const scenarios = [...scenariosOn("linux"), ...scenariosOn("windows")];
  const counts = { none: 0, kill: 0, fault: 0, race: 0 };
  const problems: string[] = [];
  let done = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const scenario = pick(scenarios, random);
    const trouble = pick<Trouble>(["none", "kill", "fault", "race"], random);
    counts[trouble]++;
    const soak = new Round(scenario, random);
    const found = await soak.run(trouble);
    if (trouble === "none" && found.length === 0) done++;
    problems.push(
      ...found.map((problem) => `round ${round}, ${scenario.os}, ${scenario.name}, ${trouble}: ${problem}`),
    );
  }
  console.log(
    `soak: ${ROUNDS} rounds (${JSON.stringify(counts)}), without trouble ${done} of ${counts.none} succeeded`,
  );
  const count = (what: RegExp) => problems.filter((problem) => what.test(problem)).length;
  console.log(
    `soak: bricked ${count(/live is undefined/)}, strays ${
      count(/left behind/)
    }, problems ${problems.length}`,
  );
  deepEqual(problems, []);
  equal(done, counts.none);
});

interface Killing {
  readonly killed: Promise<undefined>;
  readonly stop: () => void;
}

const NO_KILL: Killing = { killed: new Promise(() => {}), stop: () => {} };

class Round {
  readonly #scenario: Scenario;
  readonly #random: () => number;
  readonly #machine: MemoryMachine;

  constructor(scenario: Scenario, random: () => number) {
    this.#scenario = scenario;
    this.#random = random;
    this.#machine = machineFor(scenario);
  }

  async run(trouble: Trouble): Promise<string[]> {
    const problems = await this.#act(trouble);
    await recoverAs(400, this.#machine, this.#scenario);
    problems.push(...await problemsAfterRecovery(this.#machine, this.#scenario));
    return problems;
  }

  async #act(trouble: Trouble): Promise<string[]> {
    const { act, os, promised } = this.#scenario;
    const executable = placesOn(os).executable;
    const runtime = this.#machine.start({ execPath: executable });
    if (trouble === "fault") return await this.#withFault(() => act(runtime));
    const other = trouble === "race" ? this.#machine.start({ execPath: executable }) : undefined;
    const acts = other === undefined ? [act(runtime)] : [act(runtime), act(other)];
    const { killed, stop } = trouble === "kill" ? this.#killing(runtime.kill) : NO_KILL;
    const outcomes = await Promise.race([Promise.allSettled(acts), killed]);
    stop();
    runtime.kill();
    other?.kill();
    if (trouble !== "none" || outcomes === undefined) return [];
    const live = await versionAt(executable, this.#machine, this.#scenario);
    return outcomes[0]!.status === "fulfilled" && live === promised
      ? []
      : [`live is ${live}, not ${promised}`];
  }

  /** Kills the process at some operation. */
  #killing(kill: () => void): Killing {
    const at = Math.floor(this.#random() * 110);
    let resolve!: () => void;
    const killed = new Promise<undefined>((settle) => resolve = () => settle(undefined));
    const stop = this.#machine.operations.before(({ index }) => {
      if (index !== at) return;
      kill();
      resolve();
    });
    return { killed, stop };
  }

  /** One operation fails, once. Whatever comes of it: no other error than the documented ones. */
  async #withFault(act: () => Promise<void>): Promise<string[]> {
    const at = Math.floor(this.#random() * 110);
    const kind = pick(KINDS, this.#random);
    const stop = this.#machine.operations.fail(
      kind,
      ({ index, name }) => index === at && FALLIBLE.includes(name),
    );
    try {
      await act();
      return [];
    } catch (error) {
      return isUpdateError(error) || isFileError(error) ? [] : [`an error that is not documented: ${error}`];
    } finally {
      stop();
      this.#machine.processes.kill(100);
    }
  }
}

function pick<T>(from: readonly T[], random: () => number): T {
  return from[Math.floor(random() * from.length)]!;
}
