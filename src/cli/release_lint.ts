/**
 * `cco release lint`: what a client would refuse or a person would regret.
 *
 * @module
 */

import { EXIT } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { releaseFolder, textFlag, usage } from "./release_options.ts";
import { publishing } from "./release_publishing.ts";
import { updaterOptions } from "./updater_options.ts";

/**
 * Looks at a release folder. A warning alone is no failure.
 *
 * @param invocation The run.
 * @returns The exit code: 1 when a client would refuse something.
 */
export async function releaseLint(invocation: Invocation): Promise<number> {
  const { output } = invocation;
  const { runtime, signal } = await updaterOptions(invocation);
  const address = addressFlag(invocation);
  const folder = await releaseFolder(invocation);
  const findings = await publishing(async ({ lint }) =>
    await lint(folder, {
      previous: await textFlag(invocation, "previous"),
      online: invocation.has("online"),
      address,
      runtime,
      signal,
    })
  );
  for (const { level, where, message } of findings) {
    output.line(`${level === "error" ? "❌" : "⚠️ "} ${where}: ${message}`);
  }
  if (findings.length === 0) output.line("✅ Nothing to mend");
  output.document({ findings });
  return findings.some(({ level }) => level === "error") ? EXIT.general : EXIT.ok;
}

function addressFlag(invocation: Invocation): string | undefined {
  const address = invocation.flag("address");
  if (address === undefined) return undefined;
  if (!invocation.has("online")) throw usage("--address needs --online");
  if (/^https?:/i.test(address) && URL.canParse(address)) return address;
  throw usage(`Cannot use --address ${address}: it is no https address`);
}
