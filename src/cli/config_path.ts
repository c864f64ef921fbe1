/**
 * `cco config path`: where the settings are kept.
 *
 * @module
 */

import { ConfigError } from "../config/config_error.ts";
import type { Invocation } from "./invocation.ts";

/**
 * Shows the path of the user's file, whether it is there or not, and nothing else: for `$(cco config path)`.
 *
 * @param invocation The run.
 * @returns The exit code.
 */
export async function configPath(invocation: Invocation): Promise<number> {
  const { output, world: { runtime } } = invocation;
  const { configFile, policyFile, stateDirectory } = await invocation.paths();
  const path = requireConfigFile(configFile);
  output.line(path);
  output.detail(`state: ${stateDirectory ?? "none"}`);
  output.detail(`policy: ${policyFile}`);
  const exists = await runtime.fs.stat(path) !== undefined;
  output.document({ file: path, exists, policy: policyFile, state: stateDirectory ?? null });
  return 0;
}

/**
 * The path of the user's file.
 *
 * @param configFile The path, `undefined` for an account that has no folder.
 * @returns The path.
 * @throws {ConfigError} When there is none.
 */
export function requireConfigFile(configFile: string | undefined): string {
  if (configFile !== undefined) return configFile;
  throw new ConfigError(
    "FILE_NOT_WRITABLE",
    "This account has no folder for settings. Name a file with --config",
  );
}

/** The folder a path lies in. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(1, path.search(/[\\/][^\\/]*$/)));
}
