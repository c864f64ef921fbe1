/**
 * The `cco` command line.
 *
 * `--version` is answered before anything is loaded: it is what the probe of a new executable runs, and it must answer
 * even when everything else is broken.
 *
 * @module
 */

import type { Build } from "./src/cli/build.ts";

/**
 * Runs `cco` with the words of the command line and ends the process. The only place that does.
 *
 * @param build What this executable is.
 * @returns Never, in effect: the process ends.
 */
export async function main(build: Build): Promise<void> {
  const [word, ...more] = Deno.args;
  if ((word === "--version" || word === "-V") && more.length === 0) {
    return sayVersion(build);
  }
  const { openConsole, runCli, systemRuntime } = await import("./src/cli/start.ts");
  Deno.exit(await runCli({ build, terminal: openConsole(), runtime: systemRuntime() }));
}

function sayVersion({ version }: Build): void {
  try {
    console.log(`cco ${version}`);
  } catch (error) {
    console.error(`Cannot write to standard output: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}

if (import.meta.main) {
  const { developmentBuild } = await import("./src/cli/build.ts");
  const { version } = JSON.parse(await Deno.readTextFile(new URL("deno.json", import.meta.url)));
  await main(developmentBuild(version));
}
