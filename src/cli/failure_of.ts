/**
 * From what went wrong to one line for a person, one document for a program, and an exit code.
 *
 * @module
 */

import { ConfigError } from "../config/config_error.ts";
import { EXIT, Failure } from "./failure.ts";
import { UsageError } from "./parse_arguments.ts";
import { Interrupted } from "./terminal.ts";

/**
 * Makes a failure of whatever was thrown.
 *
 * @param error What was thrown.
 * @returns The failure; one of the updater is described by what it says in the contract's words.
 */
export async function failureOf(error: unknown): Promise<Failure> {
  if (error instanceof Failure) return error;
  if (error instanceof UsageError) return await usageFailure(error);
  if (error instanceof ConfigError) {
    return new Failure(error.message, { exitCode: EXIT.config, code: error.code, cause: error });
  }
  if (error instanceof Interrupted) {
    return new Failure("Cancelled. Nothing was changed", {
      exitCode: error.exitCode,
      code: "CANCELLED",
      cause: error,
    });
  }
  if (error instanceof Error && error.name === "UpdateError") return await updaterFailure(error);
  const message = error instanceof Error ? error.message : String(error);
  return new Failure(`Unexpected failure: ${message}`, {
    exitCode: EXIT.general,
    code: "UNEXPECTED",
    cause: error,
  });
}

/**
 * The document of a failure for `--json`.
 *
 * @param failure The failure.
 * @returns `{"error":{"code","message","exitCode","details"}}`.
 */
export function failureDocument({ code, message, exitCode, details }: Failure): object {
  return { error: { code, message, exitCode, details: details ?? {} } };
}

/** What an error looks like is known before the updater, which made it, is loaded to say what it is. */
async function updaterFailure(error: Error): Promise<Failure> {
  const { isUpdateError } = await import("../../mod.ts");
  const { updateFailure } = await import("./update_failure.ts");
  if (isUpdateError(error)) return updateFailure(error, "install");
  return new Failure(error.message, { exitCode: EXIT.general, code: "UNEXPECTED", cause: error });
}

async function usageFailure(error: UsageError): Promise<Failure> {
  const { nearest } = await import("../config/nearest.ts");
  const { word, candidates } = error.unknown ?? { word: "", candidates: [] };
  const near = candidates.find((candidate) => candidate.endsWith(` ${word}`)) ?? nearest(word, candidates);
  const command = ["cco", ...error.path.slice(1).map(({ name }) => name)].join(" ");
  const hint = near === undefined ? `Run '${command} --help'` : `Did you mean ${near}?`;
  return new Failure(`${error.message}. ${hint}`, { exitCode: EXIT.usage, code: "USAGE", cause: error });
}
