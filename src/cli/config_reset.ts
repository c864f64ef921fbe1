/**
 * `cco config reset`: back to the defaults.
 *
 * @module
 */

import { resetConfigFile } from "../config/edit_config_file.ts";
import { requireConfigFile } from "./config_path.ts";
import type { Invocation } from "./invocation.ts";

/**
 * Puts the user's file aside, whatever is in it. It works also on a damaged file.
 *
 * @param invocation The run.
 * @returns The exit code.
 */
export async function configReset(invocation: Invocation): Promise<number> {
  const file = requireConfigFile((await invocation.paths()).configFile);
  const aside = await resetConfigFile(invocation.world.runtime, file);
  invocation.output.line("✅ Configuration reset: the defaults apply");
  if (aside !== undefined) invocation.output.step(`The previous settings are in ${aside}`);
  invocation.output.document({ file, keptAs: aside ?? null });
  return 0;
}
