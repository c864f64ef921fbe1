/**
 * What the service tells systemd: that it is ready, that it lives, who takes over (sd_notify(3), systemd.service(5)).
 *
 * @module
 */

import type { Runtime } from "../../machine.ts";

/** Sends one message to a socket of systemd's. */
export type Notify = (address: string, message: string) => Promise<void>;

/** What decides whether this process is to tell systemd anything. */
export interface SupervisorOptions {
  /** The clock, and which process this is. */
  readonly runtime: Pick<Runtime, "wait" | "pid">;
  /** The environment. */
  readonly env: (name: string) => string | undefined;
  /** Whether this process takes over from one that systemd has started. */
  readonly isSuccessor: boolean;
  /** Sends a message. */
  readonly notify: Notify;
  /** Told once of messages that do not arrive: systemd will end the service for that. */
  readonly onFailure: (error: unknown) => void;
}

/** systemd as it watches over this process. Telling it something never fails. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #address: string;
  readonly #ended = new AbortController();
  #isWatched = false;
  #hasFailed = false;

  /**
   * @param options What decides whether to tell it anything.
   * @param address Its socket.
   */
  constructor(options: SupervisorOptions, address: string) {
    this.#options = options;
    this.#address = address;
  }

  /**
   * The service serves, for the first time or again after {@link Supervisor.reloading}. From now on systemd hears in time
   * that this process lives: it would end one that hangs.
   *
   * @param status One line for `systemctl status`.
   */
  async ready(status: string): Promise<void> {
    await this.#tell("READY=1", `STATUS=${status.replaceAll("\n", " ")}`);
    const rhythm = watchdogRhythm(this.#options);
    if (rhythm === undefined || this.#isWatched) return;
    this.#isWatched = true;
    void this.#live(rhythm);
  }

  /** The settings are read again. */
  async reloading(): Promise<void> {
    if (!this.#options.isSuccessor) await this.#tell("RELOADING=1");
  }

  /** The service ends. One that was tried out and is ended again does not speak for the whole service. */
  async stopping(): Promise<void> {
    this.#ended.abort();
    if (!this.#options.isSuccessor) await this.#tell("STOPPING=1");
  }

  /**
   * Another process is the service from now on, and the end of this one says nothing.
   *
   * @param pid That process, a child of this one.
   */
  async handedTo(pid: number): Promise<void> {
    this.#ended.abort();
    await this.#tell(`MAINPID=${pid}`);
  }

  async #live(rhythm: number): Promise<void> {
    const { runtime } = this.#options;
    const { signal } = this.#ended;
    while (!signal.aborted) {
      await this.#tell("WATCHDOG=1");
      await runtime.wait(rhythm, signal, { keepAlive: false }).catch(() => {});
    }
  }

  async #tell(...lines: string[]): Promise<void> {
    try {
      await this.#options.notify(this.#address, lines.join("\n"));
    } catch (error) {
      if (!this.#hasFailed) this.#options.onFailure(error);
      this.#hasFailed = true;
    }
  }
}

/**
 * The systemd that watches over this process, if one does.
 *
 * Variables are inherited: a service that somebody starts from within another one's must not speak for that. So they count
 * for the process that systemd has started itself (`SYSTEMD_EXEC_PID`, since version 248), and for who takes over from it.
 *
 * @param options What decides about it.
 * @returns It, or `undefined` when nobody is to be told anything.
 */
export function supervisorOf(options: SupervisorOptions): Supervisor | undefined {
  const { env, runtime, isSuccessor } = options;
  const address = env("NOTIFY_SOCKET");
  if (address === undefined || !/^[/@]/.test(address)) return undefined;
  const started = env("SYSTEMD_EXEC_PID");
  const isStarted = started === undefined || started === `${runtime.pid}`;
  return isStarted || isSuccessor ? new Supervisor(options, address) : undefined;
}

/** Twice as often as systemd asks for, in milliseconds; `undefined` when it does not watch this process. */
function watchdogRhythm({ env, runtime, isSuccessor }: SupervisorOptions): number | undefined {
  const time = Number(env("WATCHDOG_USEC"));
  const watched = env("WATCHDOG_PID");
  const isOurs = watched === undefined || watched === `${runtime.pid}` || isSuccessor;
  return isOurs && time > 0 && Number.isFinite(time) ? Math.max(1, Math.floor(time / 2000)) : undefined;
}
