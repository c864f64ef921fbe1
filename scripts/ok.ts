/**
 * Everything that must hold before a change goes in; CI runs nothing that this does not.
 * `--except=tests` leaves a stage out, for whoever has just run it.
 *
 * @module
 */

import { printResults, runStage, type Stage, type StageResult } from "./stage.ts";

const DENO = Deno.execPath();

/** The public entry points, whose documentation must be whole. */
const ENTRY_POINTS = Object.values(await exportsOf("deno.json"));

const STAGES: readonly Stage[] = [
  check("format", "fmt", "--check"),
  check("lint", "lint"),
  check("types", "check", "."),
  check("documentation", "doc", "--lint", ...ENTRY_POINTS),
  check("publish to JSR (dry run)", "publish", "--dry-run", "--allow-dirty"),
  {
    name: "examples",
    command: DENO,
    args: ["test", "--allow-all", "--quiet", "--doc", ...ENTRY_POINTS, "src"],
    kind: "tests",
  },
  { name: "tests", command: DENO, args: ["run", "--allow-all", "scripts/test.ts"], kind: "tests" },
];

if (import.meta.main) {
  const except = Deno.args.flatMap((argument) => /^--except=(.+)$/.exec(argument)?.[1]?.split(",") ?? []);
  const results: StageResult[] = [];
  for (const stage of STAGES.filter(({ name }) => !except.includes(name))) {
    console.log(`\n== ${stage.name} ==`);
    results.push(await runStage(stage));
  }
  Deno.exit(printResults(results));
}

function check(name: string, ...args: string[]): Stage {
  return { name, command: DENO, args, kind: "check" };
}

async function exportsOf(configuration: string): Promise<Readonly<Record<string, string>>> {
  const { exports } = JSON.parse(await Deno.readTextFile(configuration));
  return exports;
}
