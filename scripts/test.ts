/**
 * Runs the tests on the Deno that runs this script: all suites, or those named as arguments.
 *
 * @module
 */

import { printResults, runStage, type Stage, type StageResult } from "./stage.ts";

/** A group of tests that run together. */
interface Suite {
  readonly name: string;
  readonly paths: readonly string[];
  readonly without?: readonly string[];
  /** Whether its files run at the same time; what needs a machine to itself does not. */
  readonly parallel: boolean;
  /** Whether it runs only when asked for by name. */
  readonly onRequest?: boolean;
}

/** Suites that run only when asked for may take this long, in milliseconds. */
const LONG = 60 * 60 * 1000;

/** Folders with a suite of their own. */
const APART = [
  "tests/e2e",
  "tests/cli",
  "tests/house",
  "tests/scripts",
  "tests/crash",
  "tests/platforms",
  "tests/live_service",
  "tests/reality",
];

const SUITES: readonly Suite[] = [
  { name: "library", paths: ["tests"], without: APART, parallel: true },
  { name: "cli", paths: ["tests/cli"], parallel: true },
  { name: "house", paths: ["tests/house", "tests/scripts"], parallel: true },
  { name: "e2e", paths: ["tests/e2e"], parallel: true },
  { name: "crash", paths: ["tests/crash"], parallel: false, onRequest: true },
  { name: "service", paths: ["tests/live_service"], parallel: false, onRequest: true },
  { name: "reality", paths: ["tests/reality"], parallel: false, onRequest: true },
];

if (import.meta.main) {
  const results: StageResult[] = [];
  for (const suite of chosen(Deno.args)) {
    console.log(`\n== ${suite.name} ==`);
    results.push(await runStage(stageOf(suite)));
  }
  Deno.exit(printResults(results));
}

function chosen(names: readonly string[]): readonly Suite[] {
  const unknown = names.find((name) => !SUITES.some((suite) => suite.name === name));
  if (unknown !== undefined) {
    console.error(`Cannot run the suite ${unknown}: there are ${SUITES.map(({ name }) => name).join(", ")}.`);
    Deno.exit(2);
  }
  return SUITES.filter(({ name, onRequest }) => names.length > 0 ? names.includes(name) : !onRequest);
}

/** Types are checked by `deno task ok`, once for everything. */
function stageOf({ name, paths, without, parallel, onRequest = false }: Suite): Stage {
  const args = ["test", "--allow-all", "--no-check"];
  // Whoever asks for a suite by name wants the figures that it prints.
  if (!onRequest) args.push("--quiet");
  if (parallel) args.push("--parallel");
  if (without) args.push(`--ignore=${without.join(",")}`);
  const stage: Stage = { name, command: Deno.execPath(), args: [...args, ...paths], kind: "tests" };
  return onRequest ? { ...stage, limit: LONG } : stage;
}
