/**
 * `cco completions SHELL`: the script that makes a shell complete `cco`.
 *
 * @module
 */

import type { Invocation } from "./invocation.ts";
import { UsageError } from "./parse_arguments.ts";
import { SCRIPTS, SHELLS } from "./shells.ts";

/**
 * Prints the script.
 *
 * @param invocation The run.
 * @returns The exit code.
 */
export function completions({ output, parsed }: Invocation): Promise<number> {
  const shell = parsed.values[0]!;
  const script = SCRIPTS.get(shell);
  if (script === undefined) {
    const unknown = { word: shell, candidates: SHELLS };
    throw new UsageError(`Unknown shell: ${shell}. Use: ${SHELLS.join(", ")}`, parsed.path, unknown);
  }
  for (const line of script.trimEnd().split("\n")) output.line(line);
  output.document({ shell, script });
  return Promise.resolve(0);
}
