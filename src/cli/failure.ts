/**
 * A failure that is ready to be shown: one line for a person, facts for a program, and an exit code.
 *
 * @module
 */

/** What `cco` exits with (docs/cli.md). */
export const EXIT = {
  /** All is well. */
  ok: 0,
  /** Anything without a code of its own. */
  general: 1,
  /** The command line cannot be understood, or asks for what cannot be. */
  usage: 2,
  /** The settings cannot be used. */
  config: 3,
  /** The network, a server or what it sent. */
  network: 4,
  /** The update failed; the installed version is unchanged. */
  update: 5,
  /** Going back failed; a human is needed. */
  rollback: 6,
} as const;

/** A failure that is ready to be shown. */
export class Failure extends Error {
  /** Always `"Failure"`. */
  override readonly name = "Failure";
  /** What the process exits with. */
  readonly exitCode: number;
  /** Stable name of the failure, for programs. */
  readonly code: string;
  /** Facts, for programs. */
  readonly details: object | undefined;

  /**
   * @param message One line: what failed, why, what to do.
   * @param facts Exit code, name, facts and cause.
   */
  constructor(
    message: string,
    facts: { exitCode: number; code: string; details?: object | undefined; cause?: unknown },
  ) {
    super(message, { cause: facts.cause });
    this.exitCode = facts.exitCode;
    this.code = facts.code;
    this.details = facts.details;
  }
}
