/**
 * The options that several steps share.
 *
 * @module
 */

import { KEEP_BACKUPS, MOST_BACKUPS } from "./limits.ts";
import type { OnProgress } from "./progress.ts";
import type { ProbeOptions } from "./probe.ts";
import type { Runtime } from "./runtime/types.ts";
import type { TrustPolicy } from "./trust.ts";

/** The machine a step works on, and how it is cancelled. */
export interface StepOptions {
  /**
   * File system, HTTP, processes and clock, together or one by one: `{ ...systemRuntime(), fetch: myFetch }`.
   * @default systemRuntime()
   */
  readonly runtime?: Runtime | undefined;
  /** Cancels the step, which then rejects with the signal's reason. A swap that has begun is finished or undone. */
  readonly signal?: AbortSignal | undefined;
}

/** Which executable a step works on. */
export interface ExecutableOptions {
  /**
   * Path of the executable. A symbolic link is followed: the link stays, its target is replaced.
   * @default the running executable
   */
  readonly executable?: string | undefined;
  /** How a new executable is asked for its version. */
  readonly probe?: ProbeOptions | undefined;
}

/** What is kept of the versions before. */
export interface BackupOptions {
  /**
   * How many previous versions are kept beside the executable, 1 to 100: the newest as `app.backup`, older ones as
   * `app.backup.older-0001`, `app.backup.older-0002` and so on. Each is as large as the program.
   * @default 1
   */
  readonly keepBackups?: number | undefined;
}

/** Whom to trust. Without any of these a manifest can be read, but nothing is installed from it. */
export interface TrustOptions {
  /** The program's name as its manifests give it in `app`. Needed with `keys` and `root`. */
  readonly app?: string | undefined;
  /** The publisher's public keys in minisign's form, `RW…`. */
  readonly keys?: readonly string[] | undefined;
  /**
   * How many different keys must sign.
   * @default 1
   */
  readonly threshold?: number | undefined;
  /** The first root of a chain of keys, instead of `keys`: JSON text or object. */
  readonly root?: string | object | undefined;
  /**
   * The lowest manifest sequence that is accepted, whatever the state says (T2).
   * @default 0
   */
  readonly minimumSequence?: number | undefined;
  /** Another set of rules instead of all of the above. */
  readonly trust?: TrustPolicy | undefined;
}

/** Where a step talks to and what it remembers. */
export interface SourceOptions {
  /**
   * Whether plain `http:` is allowed to hosts other than this machine. Signatures still protect what is installed.
   * @default false
   */
  readonly allowInsecure?: boolean | undefined;
  /** A token for GitHub's API; it is sent to that origin only (T16). */
  readonly githubToken?: string | undefined;
  /**
   * The folder for what is remembered: trust state, partial downloads, rollout identity.
   * @default a folder named after the program in the system's place for state
   */
  readonly stateDirectory?: string | undefined;
}

/** How a step reports. */
export interface ProgressOptions {
  /** Called when a phase begins and as a download advances. */
  readonly onProgress?: OnProgress | undefined;
}

/**
 * Checks how many previous versions a caller wants to keep.
 *
 * @param options What the caller says.
 * @returns The number.
 * @throws {RangeError} When it is not a whole number from 1 to 100.
 */
export function keepBackupsOf({ keepBackups = KEEP_BACKUPS }: BackupOptions): number {
  if (Number.isInteger(keepBackups) && keepBackups >= 1 && keepBackups <= MOST_BACKUPS) return keepBackups;
  throw new RangeError(
    `Cannot keep that many backups: current value is ${keepBackups}, it must be a whole number from 1 to ` +
      `${MOST_BACKUPS}`,
  );
}
