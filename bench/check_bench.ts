/**
 * How long `cco update --check` takes, whole process, beside a one-line program that fetches the same address, in paired
 * runs over http and TLS 1.3: `deno run -A bench/check_bench.ts [pairs]`. Needs nginx and openssl.
 *
 * The one-line program, over TLS too, is what anybody gets from plain `deno compile`: none of the flags that `cco` is
 * compiled with, least of all those of V8, count for it. Only the runtime that both are put into is the same.
 *
 * @module
 */

import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { hostPlatform } from "../scripts/compile/platforms.ts";
import { officialToolchain, recoveredToolchain } from "../scripts/compile/toolchain.ts";
import { Home } from "../scripts/demo/home.ts";
import { OLD } from "../tests/support/deno/published.ts";
import { publishInto } from "../tests/support/deno/www.ts";
import { type Certificate, makeCertificate, missing, startNginx } from "../tests/transport/support/peers.ts";

/** At most this many times as long as the one-line program, over http. */
const RATIO = 1.6;
/** Milliseconds, over TLS 1.3. */
const LIMIT = 100;
const ONE_LINE = "await (await fetch(Deno.args[0]!)).text();\n";
/** The same with the certificates that `cco` is given. */
const ONE_LINE_TLS = `const caCerts = [Deno.readTextFileSync(Deno.args[1]!)];
await (await fetch(Deno.args[0]!, { client: Deno.createHttpClient({ caCerts }) })).text();
`;

if (import.meta.main) {
  const reason = missing("nginx", "openssl");
  if (reason) console.log(`skipped: ${reason}`);
  else await main(Number(Deno.args[0] ?? 40));
}

async function main(pairs: number): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "cco-check-bench-" });
  const www = join(folder, "www");
  try {
    await mkdir(www);
    const { old } = await publishInto(www);
    const certificate = await makeCertificate(folder);
    const cco = await copied(folder, old.path);
    await compare("http", { folder, pairs, cco, program: await compiled(folder, ONE_LINE) });
    const program = await compiled(folder, ONE_LINE_TLS);
    await compare("TLS 1.3", { folder, pairs, cco, program, certificate });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A program of one line from plain `deno compile`; it may do everything, as nobody is there to be asked. */
async function compiled(folder: string, code: string): Promise<string> {
  const project = await Deno.makeTempDir({ dir: folder });
  const output = join(project, "program");
  await Deno.writeTextFile(join(project, "main.ts"), code);
  await Deno.writeTextFile(join(project, "deno.json"), "{}");
  const { deno, denort } = await recoveredToolchain(hostPlatform()) ?? officialToolchain(undefined);
  const command = new Deno.Command(deno, {
    args: ["compile", "--allow-all", "--quiet", "--output", output, "main.ts"],
    cwd: project,
    env: { NO_COLOR: "1", ...denort === undefined ? {} : { DENORT_BIN: denort } },
    stdin: "null",
  });
  const { success, stderr } = await command.output();
  if (!success) throw new Error(`deno compile failed:\n${new TextDecoder().decode(stderr)}`);
  return await copied(folder, output);
}

/** Both are copies: the system starts a file that was just written in one piece 3 ms sooner than one from a cache. */
async function copied(folder: string, path: string): Promise<string> {
  const copy = join(await Deno.makeTempDir({ dir: folder }), "program");
  await Deno.copyFile(path, copy);
  return copy;
}

interface Setting {
  readonly folder: string;
  readonly pairs: number;
  readonly cco: string;
  readonly program: string;
  readonly certificate?: Certificate;
}

async function compare(name: string, { folder, pairs, cco, program, certificate }: Setting): Promise<void> {
  const nginx = await startNginx(folder, certificate);
  const source = `${certificate ? "https" : "http"}://127.0.0.1:${nginx.port}/version-manifest.json`;
  await using home = await Home.make({
    CCO_UPDATES_SOURCES: source,
    ...(certificate && { CCO_UPDATES_CA_FILE: certificate.ca }),
  });
  try {
    const check = () => timed(cco, ["update", "--check"], home.env);
    const fetched = () => timed(program, [source, ...(certificate ? [certificate.ca] : [])], home.env);
    const start = () => timed(cco, ["--version"], home.env);
    for (let run = 0; run < 5; run++) await Promise.all([await check(), await fetched(), await start()]);
    const rows: { check: number; fetched: number; start: number }[] = [];
    for (let pair = 0; pair < pairs; pair++) {
      // Whoever comes second finds the caches of the processor as the first one left them: they take turns.
      const [first, second] = pair % 2 === 0 ? [check, fetched] : [fetched, check];
      const times = [await first(), await second()] as const;
      const [checkTime, fetchTime] = pair % 2 === 0 ? times : [times[1], times[0]];
      rows.push({ check: checkTime, fetched: fetchTime, start: await start() });
    }
    report(name, rows, certificate !== undefined);
  } finally {
    await nginx.stop();
  }
}

async function timed(path: string, args: string[], env: Record<string, string>): Promise<number> {
  const command = new Deno.Command(path, { args, env, clearEnv: true, stdin: "null", stdout: "piped" });
  const started = performance.now();
  const { success, stdout, stderr } = await command.output();
  const milliseconds = performance.now() - started;
  const decoder = new TextDecoder();
  if (!success) throw new Error(`${path} failed: ${decoder.decode(stdout)}${decoder.decode(stderr)}`);
  return milliseconds;
}

function report(
  name: string,
  rows: readonly { check: number; fetched: number; start: number }[],
  tls: boolean,
): void {
  const check = median(rows.map((row) => row.check));
  const fetched = median(rows.map((row) => row.fetched));
  const paired = median(rows.map((row) => row.check / row.fetched));
  const minima = Math.min(...rows.map((row) => row.check)) / Math.min(...rows.map((row) => row.fetched));
  const milliseconds = (value: number) => `${value.toFixed(1)} ms`;
  console.log(`\n${name}, cco ${OLD}, ${rows.length} pairs, load ${Deno.loadavg()[0]?.toFixed(1)}`);
  console.table({
    "cco update --check": { median: milliseconds(check), fastest: fastest(rows, "check") },
    "one line that fetches": { median: milliseconds(fetched), fastest: fastest(rows, "fetched") },
    "cco --version": {
      median: milliseconds(median(rows.map((row) => row.start))),
      fastest: fastest(rows, "start"),
    },
  });
  const within = tls ? check < LIMIT : paired <= RATIO;
  const goal = tls ? `under ${LIMIT} ms` : `at most ${RATIO} times`;
  console.log(
    `median of the paired ratios ${paired.toFixed(2)}, of the minima ${minima.toFixed(2)}; ` +
      `${goal}: ${within ? "yes" : "NO"}`,
  );
}

function fastest<K extends string>(rows: readonly Readonly<Record<K, number>>[], key: K): string {
  return `${Math.min(...rows.map((row) => row[key])).toFixed(1)} ms`;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
