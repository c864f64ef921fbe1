/**
 * What `cco run` shows of the log in the foreground: its own lines, and those of whoever takes over from it.
 *
 * @module
 */

import type { Runtime } from "../../machine.ts";
import type { Log } from "../service/log.ts";
import { followLog, lastLines } from "../service/read_log.ts";
import type { Output } from "./output.ts";

/** So long after the end of the service its last lines are waited for. */
const LAST_WORDS = 600;

/** The screen of a service. A successor has none: what it writes to the log is shown here, for containers keep this one. */
export class ServiceConsole {
  readonly #output: Output;
  readonly #ending = new AbortController();
  /** Lines of this process that will be read from the log as well. */
  #own: string[] | undefined;
  #following: Promise<void> = Promise.resolve();

  /** @param output Where lines are shown. */
  constructor(output: Output) {
    this.#output = output;
  }

  /** Shows a line of this process. */
  readonly echo = (line: string): void => {
    this.#own?.push(line);
    this.#output.step(line);
  };

  /**
   * From now on lines of other processes are shown too. Calling it again does nothing.
   *
   * @param runtime File system and clock.
   * @param log This process's log.
   * @param folder Where it lies.
   */
  async follow(runtime: Pick<Runtime, "fs" | "wait">, log: Log, folder: string): Promise<void> {
    const { quiet, json } = this.#output.options;
    if (this.#own !== undefined || quiet || json) return;
    this.#own = [];
    // Everything from before is in the file then.
    await log.close();
    const { position } = await lastLines(runtime, folder, { count: 0 });
    const lines = followLog(runtime, folder, { position, signal: this.#ending.signal });
    // The log may go away; the service does not end for it.
    this.#following = this.#show(lines).catch(() => {});
  }

  /** Shows the last lines, and ends. */
  async end({ wait }: Pick<Runtime, "wait">): Promise<void> {
    if (this.#own !== undefined) await wait(LAST_WORDS);
    this.#ending.abort();
    await this.#following;
  }

  async #show(lines: AsyncGenerator<string>): Promise<void> {
    for await (const line of lines) {
      const index = this.#own!.indexOf(line);
      if (index < 0) this.#output.step(line);
      else this.#own!.splice(index, 1);
    }
  }
}
