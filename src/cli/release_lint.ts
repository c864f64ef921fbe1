/**
 * `cco release lint`: what a client would refuse or a person would regret.
 *
 * @module
 */

import { EXIT } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { releaseFolder, textFlag } from "./release_options.ts";
import { publishing } from "./release_publishing.ts";

/**
 * Looks at a release folder. A warning alone is no failure.
 *
 * @param invocation The run.
 * @returns The exit code: 1 when a client would refuse something.
 */
export async function releaseLint(invocation: Invocation): Promise<number> {
  const { output, world: { runtime, terminal } } = invocation;
  const folder = await releaseFolder(invocation);
  const findings = await publishing(async ({ lint }) =>
    await lint(folder, {
      previous: await textFlag(invocation, "previous"),
      online: invocation.has("online"),
      runtime,
      signal: terminal.signal,
    })
  );
  for (const { level, where, message } of findings) {
    output.line(`${level === "error" ? "❌" : "⚠️ "} ${where}: ${message}`);
  }
  if (findings.length === 0) output.line("✅ Nothing to mend");
  output.document({ findings });
  return findings.some(({ level }) => level === "error") ? EXIT.general : EXIT.ok;
}
