/**
 * How long `cco update --check` takes, whole process, beside a one-line program that fetches the same address, in paired
 * runs over http and TLS 1.3: `deno run -A bench/check_bench.ts [pairs]`. Needs nginx and openssl.
 *
 * The one-line program, over TLS too, is what anybody gets from plain `deno compile`: none of the flags that `cco` is
 * compiled with, least of all those of V8, count for it. Only the runtime that both are put into is the same. It keeps
 * V8's code cache in the folder for temporary files, where `cco` must not (T22): beside it runs one that keeps none.
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
    await compare("http", { folder, pairs, cco, ...await bothOf(folder, ONE_LINE) });
    await compare("TLS 1.3", { folder, pairs, cco, ...await bothOf(folder, ONE_LINE_TLS), certificate });
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function bothOf(folder: string, code: string): Promise<Pick<Setting, "program" | "uncached">> {
  return {
    program: await compiled(folder, code),
    uncached: await compiled(folder, code, ["--no-code-cache"]),
  };
}

/** A program of one line from `deno compile`; it may do everything, as nobody is there to be asked. */
async function compiled(folder: string, code: string, flags: readonly string[] = []): Promise<string> {
  const project = await Deno.makeTempDir({ dir: folder });
  const output = join(project, "program");
  await Deno.writeTextFile(join(project, "main.ts"), code);
  await Deno.writeTextFile(join(project, "deno.json"), "{}");
  const { deno, denort } = await recoveredToolchain(hostPlatform()) ?? officialToolchain(undefined);
  const command = new Deno.Command(deno, {
    args: ["compile", "--allow-all", "--quiet", ...flags, "--output", output, "main.ts"],
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
  readonly uncached: string;
  readonly certificate?: Certificate;
}

/** What was timed in one turn, in milliseconds. */
type Row = Readonly<Record<"check" | "fetched" | "uncached" | "start", number>>;

async function compare(name: string, setting: Setting): Promise<void> {
  const { folder, pairs, cco, program, uncached, certificate } = setting;
  const nginx = await startNginx(folder, certificate);
  const source = `${certificate ? "https" : "http"}://127.0.0.1:${nginx.port}/version-manifest.json`;
  await using home = await Home.make({
    CCO_UPDATES_SOURCES: source,
    ...(certificate && { CCO_UPDATES_CA_FILE: certificate.ca }),
  });
  try {
    const line = [source, ...(certificate ? [certificate.ca] : [])];
    const turns = {
      check: () => timed(cco, ["update", "--check"], home.env),
      fetched: () => timed(program, line, home.env),
      uncached: () => timed(uncached, line, home.env),
      start: () => timed(cco, ["--version"], home.env),
    };
    for (let run = 0; run < 5; run++) await inTurn(turns, false);
    const rows: Row[] = [];
    for (let pair = 0; pair < pairs; pair++) rows.push(await inTurn(turns, pair % 2 === 1));
    report(name, rows, certificate !== undefined);
  } finally {
    await nginx.stop();
  }
}

/** Whoever comes later finds the caches of the processor as the others left them: the order changes. */
async function inTurn(turns: Record<keyof Row, () => Promise<number>>, backwards: boolean): Promise<Row> {
  const names = ["check", "fetched", "uncached", "start"] as const;
  const row = { check: NaN, fetched: NaN, uncached: NaN, start: NaN };
  for (const name of backwards ? names.toReversed() : names) row[name] = await turns[name]();
  return row;
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

function report(name: string, rows: readonly Row[], tls: boolean): void {
  console.log(`\n${name}, cco ${OLD}, ${rows.length} turns, load ${Deno.loadavg()[0]?.toFixed(1)}`);
  console.table({
    "cco update --check": shown(rows, "check"),
    "one line that fetches": shown(rows, "fetched"),
    "the same without a code cache": shown(rows, "uncached"),
    "cco --version": shown(rows, "start"),
  });
  const ratio = median(rows.map((row) => row.check / row.fetched));
  const fair = median(rows.map((row) => row.check / row.uncached));
  const within = tls ? median(rows.map((row) => row.check)) < LIMIT : ratio <= RATIO;
  const goal = tls ? `under ${LIMIT} ms` : `at most ${RATIO} times`;
  console.log(
    `median of the paired ratios ${ratio.toFixed(2)}, without a code cache ${fair.toFixed(2)}; ` +
      `${goal}: ${within ? "yes" : "NO"}`,
  );
}

function shown(rows: readonly Row[], key: keyof Row): { median: string; fastest: string } {
  const values = rows.map((row) => row[key]);
  const milliseconds = (value: number) => `${value.toFixed(1)} ms`;
  return { median: milliseconds(median(values)), fastest: milliseconds(Math.min(...values)) };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
