/**
 * `cco config validate`: every layer checked.
 *
 * @module
 */

import { type ConfigFile, readConfigFile, tablesOf } from "../config/config_file.ts";
import type { ConfigError } from "../config/config_error.ts";
import { unknownKeys } from "../config/validate_tables.ts";
import { EXIT, Failure } from "./failure.ts";
import type { Invocation } from "./invocation.ts";

/**
 * Checks all settings, wherever they come from, and names every problem.
 *
 * @param invocation The run.
 * @returns The exit code.
 * @throws {Failure} Exit code 3, when something is wrong.
 */
export async function configValidate(invocation: Invocation): Promise<number> {
  const { output, world: { runtime } } = invocation;
  const problems = [...(await invocation.settings()).problems()];
  const { configFile } = await invocation.paths();
  const file = configFile === undefined ? undefined : await readConfigFile(runtime, configFile);
  problems.push(...unknownKeys(await tablesOf(file)));
  if (problems.length > 0) throw invalid(problems, file);
  output.line("✅ Configuration is valid");
  output.document({ valid: true, file: file?.path ?? null });
  return 0;
}

function invalid(problems: readonly ConfigError[], file: ConfigFile | undefined): Failure {
  const message = problems.map(({ message }) => message).join("; ");
  const details = {
    file: file?.path ?? null,
    problems: problems.map(({ code, message }) => ({ code, message })),
  };
  return new Failure(message, { exitCode: EXIT.config, code: "CONFIG_INVALID", details });
}
