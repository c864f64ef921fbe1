/**
 * Getting 100 MB of an executable out of its archive: this library against the commands that do it in a shell. The
 * executable is the beginning of Deno's own. Also printed: the most memory that a process needs for it.
 *
 * @module
 */

import { join } from "node:path";
import { extractFile } from "../src/archive.ts";
import type { ArchiveFormat } from "../src/archive_format.ts";

const SIZE = 100_000_000;
const ENTRY = "cco";

/** How each format is made and unpacked by the usual commands. */
const COMMANDS: readonly (readonly [format: ArchiveFormat, name: string, pack: string, unpack: string])[] = [
  ["tar.gz", "cco.tar.gz", "tar -czf cco.tar.gz cco", "gzip -dc cco.tar.gz | tar -xO > /dev/null"],
  ["zip", "cco.zip", "zip -q cco.zip cco", "unzip -p cco.zip cco > /dev/null"],
  ["gz", "cco.gz", "gzip -k cco", "gzip -dc cco.gz > /dev/null"],
];

if (Deno.args[0] === "once") {
  await printMemory(Deno.args[1] as ArchiveFormat, Deno.args[2]!);
} else {
  await registerBenches();
}

async function registerBenches(): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "archive-bench-" });
  addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  await writeExecutable(join(folder, ENTRY));
  for (const [format, name, pack, unpack] of COMMANDS) {
    await shell(folder, pack);
    const path = join(folder, name);
    if (Deno.build.os === "linux") await runOnce(format, path);
    const options = { group: `100 MB from ${format}`, n: 5, warmup: 1 };
    // Written as `async` functions: Deno waits only for those.
    Deno.bench(unpack, { ...options, baseline: true }, async () => await shell(folder, unpack));
    Deno.bench(`extractFile() of a ${format}`, options, async () => await extract(format, path));
  }
}

async function writeExecutable(path: string): Promise<void> {
  using executable = await Deno.open(Deno.execPath());
  using copy = await Deno.open(path, { write: true, createNew: true });
  await executable.readable.pipeTo(copy.writable);
  await Deno.truncate(path, SIZE);
}

async function extract(format: ArchiveFormat, path: string): Promise<void> {
  using file = await Deno.open(path);
  const source = {
    size: (await file.stat()).size,
    readAt(offset: number, into: Uint8Array): Promise<number> {
      file.seekSync(offset, Deno.SeekMode.Start);
      return Promise.resolve(file.readSync(into) ?? 0);
    },
  };
  let size = 0;
  for await (const chunk of extractFile(source, { format, entry: ENTRY, maxBytes: SIZE, archive: path })) {
    size += chunk.length;
  }
  if (size !== SIZE) throw new Error(`Cannot extract ${path}: ${size} bytes came out`);
}

/** A process of its own, so that only this one extraction is measured. */
async function runOnce(format: ArchiveFormat, path: string): Promise<void> {
  await start(Deno.execPath(), ["run", "-A", "--no-check", import.meta.filename!, "once", format, path]);
}

async function printMemory(format: ArchiveFormat, path: string): Promise<void> {
  const before = await peakMemory();
  await extract(format, path);
  const after = await peakMemory();
  console.log(`${format}: ${after - before} MiB of memory for ${SIZE} bytes, besides ${before} MiB before`);
}

/** The most memory this process ever had, in MiB. */
async function peakMemory(): Promise<number> {
  const kibibytes = /VmHWM:\s+(\d+)/.exec(await Deno.readTextFile("/proc/self/status"))?.[1];
  return Math.round(Number(kibibytes) / 1024);
}

async function shell(folder: string, line: string): Promise<void> {
  await start("sh", ["-c", line], folder);
}

async function start(command: string, args: readonly string[], cwd?: string): Promise<void> {
  const child = new Deno.Command(command, { args: [...args], ...cwd !== undefined && { cwd } }).spawn();
  if (!(await child.status).success) throw new Error(`Cannot run ${command} ${args.join(" ")}`);
}
