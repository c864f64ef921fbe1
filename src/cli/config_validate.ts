/**
 * `cco config validate`: every layer checked.
 *
 * @module
 */

import { ConfigError } from "../config/config_error.ts";
import { type ConfigFile, readConfigFile, tablesOf } from "../config/config_file.ts";
import { readPolicy } from "../config/load_settings.ts";
import { unknownVariables } from "../config/unknown_variables.ts";
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
  const { output, world: { runtime, terminal } } = invocation;
  const problems = [...(await invocation.settings()).problems()];
  const { configFile, policyFile } = await invocation.paths();
  const file = configFile === undefined ? undefined : await readConfigFile(runtime, configFile);
  const policy = await readPolicy(runtime, policyFile);
  for (const each of [policy, file]) problems.push(...unknownKeys(await tablesOf(each), each));
  const warnings = unknownVariables(terminal.envNames());
  for (const warning of warnings) output.note(`⚠️  ${warning}`);
  const authorities = await caFileProblem(invocation);
  if (authorities !== undefined) problems.push(authorities);
  if (problems.length > 0) throw invalid(once(problems), file, warnings);
  output.line("✅ Configuration is valid");
  output.document({ valid: true, file: file?.path ?? null, warnings });
  return 0;
}

/** A table that is none is found by both who look. */
function once(problems: readonly ConfigError[]): ConfigError[] {
  return [...new Map(problems.map((problem) => [problem.message, problem])).values()];
}

/**
 * A file of certificates that is not there makes every connection fail.
 *
 * @param invocation The run.
 * @returns What is wrong, `undefined` when the file is there or none is set.
 */
export async function caFileProblem(invocation: Invocation): Promise<ConfigError | undefined> {
  const settings = await invocation.settings();
  if (settings.faults().some(({ key }) => key === "updates.ca_file")) return undefined;
  const path = settings.get("updates.ca_file");
  if (path === undefined) return undefined;
  const { where } = settings.origin("updates.ca_file");
  const real = await invocation.world.runtime.fs.realPath(path).catch(() => undefined);
  if (real !== undefined) return undefined;
  return new ConfigError(
    "INVALID_VALUE",
    `Invalid path: ${path} is not there or cannot be read. Name a file with certificates ` +
      `(updates.ca_file in ${where})`,
  );
}

function invalid(
  problems: readonly ConfigError[],
  file: ConfigFile | undefined,
  warnings: readonly string[],
): Failure {
  const message = problems.map(({ message }) => message).join("; ");
  const details = {
    file: file?.path ?? null,
    problems: problems.map(({ code, message }) => ({ code, message })),
    warnings,
  };
  return new Failure(message, { exitCode: EXIT.config, code: "CONFIG_INVALID", details });
}
