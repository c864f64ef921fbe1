/**
 * Start-up of a compiled `cco` beside a compiled program of one line, printed: pairs of runs, one after the other, so
 * that both meet the machine in the same state. The lower quartiles count: what is above them is the machine's other
 * work.
 */

import { join } from "node:path";
import { Compiler } from "../scripts/compile/compiler.ts";
import { hostPlatform, platformsOf } from "../scripts/compile/platforms.ts";
import { Home } from "../scripts/demo/home.ts";
import { compiledVersion } from "../tests/support/deno/compiled_version.ts";
import { executableOf } from "../tests/support/deno/published.ts";

const PAIRS = 40;
/** What each command may take at most, in starts of the program of one line. */
const BUDGETS: readonly (readonly [command: string, budget: number])[] = [
  ["--version", 1.3],
  ["version", 2],
  ["config get updates.channel", 2],
  ["config show", 2.5],
];

await compareStarts();

async function compareStarts(): Promise<void> {
  const version = await compiledVersion("2025.11.1");
  await using home = await Home.make();
  const line = await compileLine(home.folder);
  await home.install(executableOf(version).path);
  for (const [command, budget] of BUDGETS) {
    const times: (readonly [line: number, cco: number])[] = [];
    for (let pair = 0; pair < PAIRS; pair++) {
      const first = await timeOf(line, [], home);
      times.push([first, await timeOf(home.executable, command.split(" "), home)]);
    }
    const [one, cco] = [quartile(times.map(([one]) => one)), quartile(times.map(([, cco]) => cco))];
    const ratio = cco / one;
    console.log(
      `cco ${command.padEnd(27)} ${cco.toFixed(1)} ms, ${ratio.toFixed(2)} times ${one.toFixed(1)} ms: ` +
        `${ratio <= budget ? "within" : "OVER"} its budget of ${budget}`,
    );
  }
}

async function compileLine(folder: string): Promise<string> {
  const source = join(folder, "line.ts");
  await Deno.writeTextFile(source, 'console.log("hello");\n');
  const [platform] = platformsOf([hostPlatform()]);
  const output = join(folder, "line");
  const snapshot = { folder, entry: source, [Symbol.asyncDispose]: () => Promise.resolve() };
  await new Compiler("development", console.error).compile(snapshot, platform!, output);
  return output;
}

async function timeOf(path: string, args: string[], { env }: Home): Promise<number> {
  const command = new Deno.Command(path, { args, env, clearEnv: true, stdout: "null", stderr: "null" });
  const started = performance.now();
  const { code } = await command.output();
  if (code !== 0) throw new Error(`${path} ${args.join(" ")} ended with exit code ${code}`);
  return performance.now() - started;
}

function quartile(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 2]!;
}
