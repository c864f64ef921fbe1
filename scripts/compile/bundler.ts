/**
 * One run of `deno bundle`.
 *
 * @module
 */

import { join } from "node:path";
import type { Snapshot } from "./snapshot.ts";

/**
 * Bundles the sources, split where they are loaded later.
 *
 * @param snapshot The sources.
 * @param output The folder for the files.
 */
export async function runBundler({ folder, entry }: Snapshot, output: string): Promise<void> {
  const kind = ["--platform", "deno", "--minify", "--code-splitting"];
  const args = ["bundle", "--quiet", ...kind, "--outdir", output, entry];
  const command = new Deno.Command(Deno.execPath(), {
    args,
    cwd: folder,
    env: { NO_COLOR: "1" },
    stdin: "null",
  });
  const { success, stderr } = await command.output();
  if (!success) throw new Error(`deno bundle failed:\n${new TextDecoder().decode(stderr)}`);
  await Deno.writeTextFile(join(output, "deno.json"), "{}");
}
