/**
 * The program's modules put together into few files.
 *
 * Each module that a compiled program loads costs it 0.4 ms, and each KiB of it 0.05 ms: 80 modules were a third of what
 * `cco update --check` took. The program shows no stack traces, so that shortened names hide nothing from anybody.
 *
 * @module
 */

import { basename, join } from "node:path";
import { runBundler } from "./bundler.ts";
import { makeEager } from "./eager.ts";
import { gather, type Groups } from "./gather.ts";
import { rehearse } from "./rehearsal.ts";
import { type Snapshot, TIME } from "./snapshot.ts";

/** What every command loads, what most commands that have settings load, and what an update begins with. */
const GROUPS: Groups = [
  ["src/cli/start.ts", "src/cli/failure.ts", "src/cli/times.ts", "src/config/state.ts"],
  ["src/config/load_settings.ts"],
  ["src/cli/update.ts", "checking.ts"],
];

/**
 * Bundles the sources; what is loaded only by some commands stays in files of its own.
 *
 * @param snapshot The sources; they are changed on the way.
 * @returns The files, in a folder of their own.
 */
export async function bundle(snapshot: Snapshot): Promise<Snapshot> {
  const folder = await Deno.makeTempDir({ prefix: "cco-bundle-" });
  const remove = () => Deno.remove(folder, { recursive: true });
  try {
    await gather(snapshot.folder, basename(snapshot.entry), GROUPS);
    await runBundler(snapshot, folder);
    await makeChecksEager(snapshot, folder);
    for await (const { name } of Deno.readDir(folder)) await Deno.utime(join(folder, name), TIME, TIME);
    return { folder, entry: join(folder, "main.js"), [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Lets V8 compile what a check runs together with its file. */
async function makeChecksEager(snapshot: Snapshot, folder: string): Promise<void> {
  for (const [name, ran] of Object.entries(await rehearse(snapshot, folder))) {
    const path = join(folder, name);
    await Deno.writeTextFile(path, makeEager(await Deno.readTextFile(path), ran));
  }
}
