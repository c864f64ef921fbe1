/**
 * `cco run` whose background waits pass at once, on a clock that goes along: months of checks in a minute.
 *
 * Environment: `ACCELERATED_SOURCE`, where manifests come from; `ACCELERATED_CHECKS`, after how many the service stops.
 * It prints one line for every hundredth check: how many there were, and the memory of the process in bytes.
 *
 * @module
 */

import { systemRuntime } from "../../../machine.ts";
import { developmentBuild } from "../../../src/cli/build.ts";
import { openConsole } from "../../../src/cli/console.ts";
import { runCli } from "../../../src/cli/run_cli.ts";

const sources = [Deno.env.get("ACCELERATED_SOURCE")!];
const last = Number(Deno.env.get("ACCELERATED_CHECKS"));
const machine = systemRuntime();
let [ahead, checks] = [0, 0];

const runtime = {
  ...machine,
  get execPath() {
    return machine.execPath;
  },
  now: () => machine.now() + ahead,
  // Only what waits in the background: a timeout that passed at once would be one.
  wait: (milliseconds: number, signal?: AbortSignal, options?: { keepAlive?: boolean }) => {
    if (options?.keepAlive !== false) return machine.wait(milliseconds, signal, options);
    ahead += milliseconds;
    return machine.wait(1, signal, options);
  },
  fetch: (url: string, init: RequestInit) => {
    if (url === sources[0]) count();
    return machine.fetch(url, init);
  },
};

function count(): void {
  checks++;
  if (checks % 100 === 0) console.log(`${checks} ${Deno.memoryUsage().rss}`);
  if (checks === last) Deno.kill(Deno.pid, "SIGTERM");
}

const build = { ...developmentBuild("2025.11.1"), sources };
Deno.exit(await runCli({ build, terminal: openConsole(), runtime }));
