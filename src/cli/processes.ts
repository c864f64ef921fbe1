/**
 * Other processes, and what the system tells this one: what the service needs besides a terminal. Tests put their own in
 * its place.
 *
 * @module
 */

import type { Notify } from "../service/supervisor.ts";

/** A program that was started in the background. */
export interface Started {
  /** The process. */
  readonly pid: number;
  /** Whether it has ended. */
  readonly hasEnded: () => boolean;
  /** With what; `undefined` while it runs and when a signal ended it. */
  readonly exitCode: () => number | undefined;
  /** Resolves once it has ended. */
  readonly ended: Promise<void>;
}

/** What the system wants of a service. */
export interface Wishes {
  /** Aborts when the service is to stop: Ctrl-C, SIGTERM, a console that closes. */
  readonly stop: AbortSignal;
  /** Calls back when the settings are to be read again (SIGHUP); returns how to end that. */
  readonly onReload: (listener: () => void) => () => void;
}

/** Processes of this machine. */
export interface Processes {
  /** Starts a program that goes on when this one ends: without a terminal, in a session of its own. */
  readonly start: (
    path: string,
    args: readonly string[],
    /** Variables that it has besides those of this process. */
    env?: Readonly<Record<string, string>>,
  ) => Promise<Started>;
  /** Asks a process to end, or ends it. One that is gone is no error. */
  readonly end: (pid: number, how: "gracefully" | "forcibly") => Promise<void>;
  /** Listens to what the system wants of this process. */
  readonly listen: () => Promise<Wishes>;
  /** Sends a message to a socket of systemd's; absent where there is no systemd to hear. */
  readonly notify?: Notify;
}
