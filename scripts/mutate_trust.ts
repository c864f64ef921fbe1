/**
 * Removes every check of the trust rules in turn and runs their tests: a mutant that no test notices is a hole in the
 * tests. Prints the survivors and the figures; exits with 1 when there is a survivor.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { type Mutant, mutantsOf } from "./mutate/mutants.ts";

/** Checks that are removed, and the tests that have to notice. */
interface Room {
  readonly subjects: readonly string[];
  readonly tests: readonly string[];
  /** A command without which the tests are skipped. */
  readonly needs?: string;
}

/** Interop with other programs is left out where it can be: it would notice late, and slowly. */
const ROOMS: readonly Room[] = [
  {
    subjects: [
      "src/bytes.ts",
      "src/minisign.ts",
      "src/trust.ts",
      "src/trust/document.ts",
      "src/trust/manifest_rules.ts",
      "src/trust/quorum.ts",
      "src/trust/root.ts",
      "src/trust/root_chain.ts",
      "src/trust/state.ts",
      "src/trust/unsigned.ts",
    ],
    tests: [
      "tests/blake2b_test.ts",
      "tests/bytes_test.ts",
      "tests/minisign_test.ts",
      "tests/minisign_weak_keys_test.ts",
      "tests/minisign_key_file_test.ts",
      "tests/minisign_secret_test.ts",
      "tests/trust_test.ts",
      "tests/trust",
    ],
  },
  {
    subjects: ["src/openpgp/also_open_pgp.ts", "src/openpgp/judge.ts"],
    tests: ["tests/openpgp"],
    needs: "gpg",
  },
];
const NEEDED = [
  "deno.json",
  "deno.lock",
  "src",
  "tests/support",
  "tests/fixtures",
  ...ROOMS.flatMap(({ tests }) => tests),
];
/** A mutant that never ends is noticed, too. */
const TIMEOUT = 120_000;

/** Mutants that behave exactly like the original, each with the reason. */
const EQUIVALENT: readonly (readonly [change: RegExp, reason: string])[] = [
  [
    /^typeof value !== "string" \|\| .+ {2}→ {2}\(!/,
    "no JSON value but a text looks like a time and has a slice that is one",
  ],
  [
    / \|\| !Array\.isArray\(roots\) {2}→ {2}\(field/,
    "what is no list has no map(), and that failure counts as damage",
  ],
];

interface Job extends Mutant {
  readonly file: string;
  readonly tests: readonly string[];
}

if (import.meta.main) {
  const jobs = await allJobs();
  const workers = Math.max(1, Math.min(4, navigator.hardwareConcurrency));
  const trees = await Promise.all(Array.from({ length: workers }, makeTree));
  try {
    for (const { tests } of ROOMS) {
      if (!await passes(tests, trees[0]!)) throw new Error("Cannot start: the tests fail without any mutant");
    }
    const survivors = await runAll(jobs, trees);
    for (const { file, line, change } of survivors) console.log(`SURVIVED ${file}:${line}  ${change}`);
    const killed = jobs.length - survivors.length;
    console.log(`${jobs.length} mutants, ${killed} killed, ${survivors.length} survived`);
    Deno.exitCode = survivors.length > 0 ? 1 : 0;
  } finally {
    await Promise.all(trees.map((tree) => Deno.remove(tree, { recursive: true })));
  }
}

async function allJobs(): Promise<Job[]> {
  const jobs: Job[] = [];
  for (const { subjects, tests, needs } of ROOMS) {
    if (needs !== undefined && await isMissing(needs)) {
      console.log(`left out, because there is no ${needs}: ${subjects.join(", ")}`);
      continue;
    }
    for (const file of subjects) {
      const mutants = mutantsOf(await Deno.readTextFile(file));
      const real = mutants.filter(({ change }) => !EQUIVALENT.some(([pattern]) => pattern.test(change)));
      jobs.push(...real.map((mutant) => ({ ...mutant, file, tests })));
    }
  }
  return jobs;
}

async function isMissing(command: string): Promise<boolean> {
  try {
    await new Deno.Command(command, { args: ["--version"], stdout: "null", stderr: "null" }).output();
    return false;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return true;
    throw error;
  }
}

/** A copy of what the tests need, so that the working tree is never weakened. */
async function makeTree(): Promise<string> {
  const tree = await Deno.makeTempDir({ prefix: "mutants-" });
  for (const path of NEEDED) await copy(path, join(tree, path));
  return tree;
}

async function copy(from: string, to: string): Promise<void> {
  if ((await Deno.stat(from)).isFile) {
    await Deno.mkdir(dirname(to), { recursive: true });
    return await Deno.copyFile(from, to);
  }
  for await (const { name } of Deno.readDir(from)) await copy(join(from, name), join(to, name));
}

async function runAll(jobs: readonly Job[], trees: readonly string[]): Promise<Job[]> {
  const waiting = [...jobs];
  const survivors: Job[] = [];
  await Promise.all(trees.map(async (tree) => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      if (await survives(job, tree)) survivors.push(job);
    }
  }));
  return survivors;
}

async function survives({ file, source, tests }: Job, tree: string): Promise<boolean> {
  await Deno.writeTextFile(join(tree, file), source);
  const survived = await passes(tests, tree);
  await Deno.copyFile(file, join(tree, file));
  return survived;
}

async function passes(tests: readonly string[], tree: string): Promise<boolean> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "--allow-all", "--no-check", "--fail-fast", "--quiet", ...tests],
    cwd: tree,
    stdout: "null",
    stderr: "null",
    signal: AbortSignal.timeout(TIMEOUT),
  }).output();
  return success;
}
