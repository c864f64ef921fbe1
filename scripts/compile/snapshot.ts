/**
 * What is compiled: a copy of the program's sources with the build's facts beside them.
 *
 * The copy has the same names and times whoever makes it, which keeps machine paths and the moment of compiling out of
 * the executable, and sources that are edited meanwhile cannot get into it.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Build } from "../../src/cli/build.ts";
import { exists } from "../build_cache.ts";
import { lockFor, usedImports } from "./dependencies.ts";

const REPOSITORY = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** Besides the entry points, which are the modules beside them. */
const SOURCES = ["src"];
/** Modules in whose place the program gets another one: what only Node and Bun run is not loaded at its every start. */
const REPLACED = { "./src/runtime/default.ts": "./src/runtime/compiled.ts" };
/** `deno compile` stores each file's time; this one is 2000-01-01. */
export const TIME = new Date(Date.UTC(2000, 0, 1));

/** A copy of the sources. `Symbol.asyncDispose` removes it. */
export interface Snapshot extends AsyncDisposable {
  /** Its folder. */
  readonly folder: string;
  /** The module to compile. */
  readonly entry: string;
}

/**
 * Copies the sources into a temporary folder and writes the module that starts the program as `build`.
 *
 * @param build The facts that go into the executable.
 */
export async function takeSnapshot(build: Build): Promise<Snapshot> {
  const folder = await Deno.makeTempDir({ prefix: "cco-compile-" });
  const remove = () => Deno.remove(folder, { recursive: true });
  try {
    for (const name of [...SOURCES, ...await entryPoints()]) {
      await copy(join(REPOSITORY, name), join(folder, name));
    }
    await writeConfiguration(folder);
    return { folder, entry: await writeEntry(folder, build), [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function entryPoints(): Promise<string[]> {
  const names = (await Array.fromAsync(Deno.readDir(REPOSITORY))).map((entry) => entry.name);
  return names.filter((name) => name.endsWith(".ts"));
}

async function copy(from: string, to: string): Promise<void> {
  if (!await exists(from)) return;
  if ((await Deno.stat(from)).isDirectory) {
    await Deno.mkdir(to);
    for await (const { name } of Deno.readDir(from)) await copy(join(from, name), join(to, name));
  } else {
    await Deno.copyFile(from, to);
  }
  await Deno.utime(to, TIME, TIME);
}

/** Of the project's configuration only what the program needs: its packages, not the tests'; no tasks and settings. */
async function writeConfiguration(folder: string): Promise<void> {
  const read = (name: string) => Deno.readTextFile(join(REPOSITORY, name));
  const { name, version, exports, imports } = JSON.parse(await read("deno.json"));
  const used = usedImports(imports, await sourcesIn(folder));
  const configuration = { name, version, exports, imports: { ...used, ...REPLACED }, nodeModulesDir: "none" };
  await write(join(folder, "deno.json"), JSON.stringify(configuration));
  await write(join(folder, "deno.lock"), lockFor(await read("deno.lock"), used));
}

async function sourcesIn(folder: string): Promise<string[]> {
  const texts: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) texts.push(...await sourcesIn(path));
    else if (entry.name.endsWith(".ts")) texts.push(await Deno.readTextFile(path));
  }
  return texts;
}

/**
 * Writes the module that starts the program as `build`, in place of the one that is there.
 *
 * @param folder The sources.
 * @param build The facts that go into the executable.
 * @returns The module's path.
 */
export async function writeEntry(folder: string, build: Build): Promise<string> {
  const path = join(folder, "main.ts");
  await write(
    path,
    `import { main } from "./cli.ts";\n\nawait main(${JSON.stringify(build, undefined, 2)});\n`,
  );
  return path;
}

async function write(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(path, text);
  await Deno.utime(path, TIME, TIME);
}

/** The version in deno.json. */
export async function projectVersion(): Promise<string> {
  return JSON.parse(await Deno.readTextFile(join(REPOSITORY, "deno.json"))).version;
}
