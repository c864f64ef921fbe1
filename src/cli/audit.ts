/**
 * The audit trail of this installation: who changed it, how, and what became of it.
 *
 * @module
 */

import type { Update, UpdateAttempt } from "../../mod.ts";
import { Failure } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { sendResult } from "./telemetry.ts";

/** What a command adds to what everybody knows. */
export type Attempted = Pick<UpdateAttempt, "what" | "from" | "to"> & {
  /** What became of it; `failed` when absent. */
  readonly result?: string;
  /** What was thrown. */
  readonly error?: unknown;
};

/**
 * Records an attempt. Nothing depends on that it can be written.
 *
 * @param invocation The run.
 * @param attempted What was attempted and what became of it.
 */
export async function audit(
  invocation: Invocation,
  { error, result = "failed", ...facts }: Attempted,
): Promise<void> {
  await record(invocation, { ...await circumstances(invocation), ...facts, result, error: codeOf(error) });
}

/**
 * Records an attempt to install an update, with who vouches for it.
 *
 * @param invocation The run.
 * @param update The update.
 * @param outcome `result`: what became of it, `failed` when absent; `error`: what was thrown.
 */
export async function auditUpdate(
  invocation: Invocation,
  update: Update,
  { result = "failed", error }: Pick<Attempted, "result" | "error">,
): Promise<void> {
  const { attemptOf } = await import("../../mod.ts");
  const { time, how, user } = await circumstances(invocation);
  const attempt = attemptOf(update, { time, how, user, result });
  await record(invocation, { ...attempt, error: codeOf(error) });
}

async function record(invocation: Invocation, attempt: UpdateAttempt): Promise<void> {
  invocation.meanwhile(sendResult(invocation, attempt));
  const { recordAttempt } = await import("../../mod.ts");
  const { stateDirectory } = await invocation.paths();
  if (stateDirectory === undefined) return;
  const { runtime } = invocation.world;
  const isWritten = await recordAttempt(attempt, { runtime, stateDirectory });
  if (!isWritten) invocation.output.detail(`the audit trail in ${stateDirectory} cannot be written`);
}

async function circumstances(
  { world: { runtime, terminal }, command }: Invocation,
): Promise<Pick<UpdateAttempt, "time" | "how" | "user">> {
  const account = await accountName() ?? "unknown";
  // Behind sudo everybody is root; it is a hint only, since the environment can say anything.
  const person = terminal.env("SUDO_USER");
  return {
    time: runtime.now(),
    how: command.name === "run" ? "service" : "cli",
    user: person ? `${account} (sudo: ${person})` : account,
  };
}

/** The account's own name, not what the environment says. */
async function accountName(): Promise<string | undefined> {
  try {
    return (await import("node:os")).userInfo().username;
  } catch {
    return undefined;
  }
}

/** The code of a failure: its message may hold addresses and paths (T32). */
function codeOf(error: unknown): string | undefined {
  if (error === undefined) return undefined;
  if (error instanceof Failure) return error.code;
  if (!(error instanceof Error)) return "UNEXPECTED";
  if (error.name === "UpdateError" && "code" in error) return String(error.code);
  return ["AbortError", "Interrupted"].includes(error.name) ? "CANCELLED" : "UNEXPECTED";
}
