/**
 * Download, verify and write 1 GiB from nginx on loopback, side by side with curl and openssl, in interleaved runs:
 * `deno run -A bench/download_bench.ts [MiB] [runs]`. Needs nginx, curl and openssl.
 *
 * Counted is the whole process of each, from its start to its end. None of them flushes the file to the disk: curl never
 * does, and the library only flushes the executable that it takes out of the archive.
 *
 * @module
 */

import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { download } from "../src/resume.ts";
import { systemRuntime } from "../src/runtime/default.ts";
import { missing, startNginx } from "../tests/transport/support/peers.ts";

const MEBIBYTE = 1024 * 1024;

/** One way to do it. */
interface Contender {
  readonly name: string;
  readonly run: (url: string, folder: string) => Promise<Usage>;
}

/** What one run took. */
interface Usage {
  readonly digest: string;
  readonly milliseconds: number;
  readonly peakKibibytes: number;
}

const contenders: Contender[] = [
  {
    name: "download()",
    run: (url, folder) =>
      timed([
        Deno.execPath(),
        "run",
        "-A",
        "--no-check",
        "--quiet",
        import.meta.filename!,
        "--child",
        url,
        folder,
      ]),
  },
  {
    name: "curl -o F && openssl dgst F",
    run: (url, folder) => shell(`curl -sS -o "$F" "$URL" && openssl dgst -sha256 -r "$F"`, url, folder),
  },
  {
    name: "curl | tee F | openssl dgst",
    run: (url, folder) => shell(`curl -sS "$URL" | tee "$F" | openssl dgst -sha256 -r`, url, folder),
  },
];

if (import.meta.main) {
  const [first = "1024", second = "5", third] = Deno.args;
  if (first === "--child" && third !== undefined) await child(second, third);
  else await compare(Number(first), Number(second));
}

/** The library, in a process of its own, so that its start counts as curl's does. */
async function child(url: string, folder: string): Promise<void> {
  const request = { urls: [url], path: join(folder, "part"), maxBytes: 1e11 };
  const { sha256 } = await download(systemRuntime(), request);
  console.log(sha256);
}

async function compare(mebibytes: number, runs: number): Promise<void> {
  const reason = missing("nginx", "curl", "openssl");
  if (reason) return console.log(`skipped: ${reason}`);
  const folder = await Deno.makeTempDir({ prefix: "cco-bench-" });
  await mkdir(join(folder, "www"));
  const nginx = await startNginx(folder);
  try {
    const times = new Map<string, Usage[]>(contenders.map(({ name }) => [name, []]));
    const sizes = [mebibytes / 8, mebibytes];
    for (const size of sizes) await writeRandom(join(folder, "www", `${size}`), size);
    for (let run = 0; run <= runs; run++) {
      for (const { name, run: start } of rotated(contenders, run)) {
        const usage = await start(`http://127.0.0.1:${nginx.port}/${mebibytes}`, await emptyFolder(folder));
        // The first round warms the caches.
        if (run > 0) times.get(name)?.push(usage);
      }
    }
    report(mebibytes, times);
    const small = await contenders[0]!.run(
      `http://127.0.0.1:${nginx.port}/${sizes[0]}`,
      await emptyFolder(folder),
    );
    console.log(
      `peak memory of download() for ${sizes[0]} MiB: ${Math.round(small.peakKibibytes / 1024)} MiB`,
    );
  } finally {
    await nginx.stop();
    await rm(folder, { recursive: true });
  }
}

function report(mebibytes: number, times: ReadonlyMap<string, readonly Usage[]>): void {
  const digests = new Set([...times.values()].flat().map(({ digest }) => digest));
  if (digests.size !== 1) throw new Error(`The digests differ: ${[...digests]}`);
  const rows = [...times].map(([name, usages]) => ({
    name,
    median: median(usages.map(({ milliseconds }) => milliseconds)),
    fastest: Math.min(...usages.map(({ milliseconds }) => milliseconds)),
    peak: Math.max(...usages.map(({ peakKibibytes }) => peakKibibytes)) / 1024,
  }));
  const [ours, ...others] = rows;
  const best = Math.min(...others.map((row) => row.median));
  console.log(`${mebibytes} MiB, ${[...times.values()][0]?.length} runs`);
  console.table(rows.map((row) => ({
    ...row,
    median: `${Math.round(row.median)} ms`,
    fastest: `${Math.round(row.fastest)} ms`,
    peak: `${Math.round(row.peak)} MiB`,
  })));
  const ratio = (ours?.median ?? 0) / best;
  const minimum = (ours?.fastest ?? 0) / Math.min(...others.map((row) => row.fastest));
  console.log(
    `download() / the faster of the two: ${ratio.toFixed(2)} by medians, ${minimum.toFixed(2)} by minima`,
  );
}

async function shell(command: string, url: string, folder: string): Promise<Usage> {
  return await timed(["bash", "-o", "pipefail", "-c", command], { URL: url, F: join(folder, "file") });
}

/** Wall time, and the peak memory of the largest process, as the kernel counts it (`getrusage`). */
async function timed(command: string[], env: Record<string, string> = {}): Promise<Usage> {
  const [program = "", ...args] = command;
  const started = performance.now();
  const process = new Deno.Command(program, { args, env, stdout: "piped", stderr: "inherit" }).spawn();
  const peak = watchPeak(process.pid);
  const { stdout, success } = await process.output();
  const milliseconds = performance.now() - started;
  if (!success) throw new Error(`${program} failed`);
  const digest = new TextDecoder().decode(stdout).trim().split(/\s/)[0] ?? "";
  return { digest, milliseconds, peakKibibytes: peak.stop() };
}

/** The kernel keeps the peak of a process (`VmHWM`) only while it runs: it is read ten times a second. */
function watchPeak(pid: number): { stop: () => number } {
  let peak = 0;
  const timer = setInterval(() => {
    try {
      const [, value = "0"] = /VmHWM:\s+(\d+)/.exec(Deno.readTextFileSync(`/proc/${pid}/status`)) ?? [];
      peak = Math.max(peak, Number(value));
    } catch {
      // It has ended.
    }
  }, 100);
  return {
    stop: () => {
      clearInterval(timer);
      return peak;
    },
  };
}

async function emptyFolder(folder: string): Promise<string> {
  const path = join(folder, "target");
  await rm(path, { recursive: true, force: true });
  await mkdir(path);
  return path;
}

async function writeRandom(path: string, mebibytes: number): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true });
  const block = new Uint8Array(MEBIBYTE);
  for (let offset = 0; offset < MEBIBYTE; offset += 65536) {
    crypto.getRandomValues(block.subarray(offset, offset + 65536));
  }
  const view = new DataView(block.buffer);
  for (let index = 0; index < mebibytes; index++) {
    view.setUint32(0, index);
    for (let offset = 0; offset < MEBIBYTE;) offset += await file.write(block.subarray(offset));
  }
}

function rotated<T>(values: readonly T[], by: number): T[] {
  return values.map((_, index) => values[(index + by) % values.length]!);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
