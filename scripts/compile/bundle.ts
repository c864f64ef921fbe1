/**
 * The program's modules put together into few files.
 *
 * Each module that a compiled program loads costs it 0.4 ms, whatever its size: 80 of them were a third of what
 * `cco update --check` took. Names stay as they are, for the stack traces in people's reports.
 *
 * @module
 */

import { join } from "node:path";
import { type Snapshot, TIME } from "./snapshot.ts";

/** How the bundler says which module it is at: in part the path of this machine's cache of packages. */
const PATH_COMMENT = /^\/\/ \S+\.[cm]?[jt]s$\n/gm;

/**
 * Bundles the sources; what is loaded only by some commands stays in files of its own.
 *
 * @param snapshot The sources.
 * @returns The files, in a folder of their own.
 */
export async function bundle(snapshot: Snapshot): Promise<Snapshot> {
  const folder = await Deno.makeTempDir({ prefix: "cco-bundle-" });
  const remove = () => Deno.remove(folder, { recursive: true });
  try {
    await runBundler(snapshot, folder);
    for await (const { name } of Deno.readDir(folder)) {
      await rewrite(join(folder, name), (text) => text.replaceAll(PATH_COMMENT, ""));
    }
    await rewrite(join(folder, "deno.json"), () => "{}");
    return { folder, entry: join(folder, "main.js"), [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function runBundler({ folder, entry }: Snapshot, output: string): Promise<void> {
  const args = ["bundle", "--quiet", "--platform", "deno", "--code-splitting", "--outdir", output, entry];
  const command = new Deno.Command(Deno.execPath(), {
    args,
    cwd: folder,
    env: { NO_COLOR: "1" },
    stdin: "null",
  });
  const { success, stderr } = await command.output();
  if (!success) throw new Error(`deno bundle failed:\n${new TextDecoder().decode(stderr)}`);
}

async function rewrite(path: string, change: (text: string) => string): Promise<void> {
  const text = await Deno.readTextFile(path).catch(() => "");
  await Deno.writeTextFile(path, change(text));
  await Deno.utime(path, TIME, TIME);
}
