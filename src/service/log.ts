/**
 * The service's log: lines in a file that only its owner reads, a new one every 10 MiB, kept for 30 days.
 *
 * @module
 */

import { isFileError, type OpenFile, type Runtime } from "../../machine.ts";
import { type Level, LEVELS, logLine } from "./log_line.ts";
import { logFileIn, olderLogName, olderLogs } from "./log_files.ts";

/** At this size a file is put aside and a new one begun. */
const LOG_BYTES = 10 * 1024 * 1024;
/** Files that were put aside are removed after this time. */
const LOG_AGE = 30 * 24 * 3_600_000;
/** A log that cannot be written must not fill the memory instead. */
const QUEUE_LINES = 1000;

/** What a log needs of a runtime. */
export type LogRuntime = Pick<Runtime, "fs" | "now">;

/** Where lines are written. Writing never fails: a full disk must not end the service. */
export class Log {
  readonly #runtime: LogRuntime;
  readonly #folder: string;
  readonly #least: Level;
  readonly #echo: (line: string) => void;
  #file: OpenFile | undefined;
  #size = 0;
  #waiting = 0;
  #hasTidied = false;
  #written = Promise.resolve();

  /**
   * @param runtime File system and clock.
   * @param options `folder`: where the files lie; made when it is not there. `least`: the least level that is written.
   * `echo`: told every line as well.
   */
  constructor(
    runtime: LogRuntime,
    { folder, least = "info", echo = () => {} }: {
      folder: string;
      least?: Level;
      echo?: (line: string) => void;
    },
  ) {
    this.#runtime = runtime;
    this.#folder = folder;
    this.#least = least;
    this.#echo = echo;
  }

  /** What helps to find a fault. */
  debug(text: string): void {
    this.#write("debug", text);
  }

  /** What happens. */
  info(text: string): void {
    this.#write("info", text);
  }

  /** What failed and will be tried again. */
  warn(text: string): void {
    this.#write("warn", text);
  }

  /** What needs a person. */
  error(text: string): void {
    this.#write("error", text);
  }

  /** Resolves once everything is in the file, which is closed then; a later line opens it again. */
  async close(): Promise<void> {
    await this.#written;
    this.#file?.close();
    this.#file = undefined;
  }

  #write(level: Level, text: string): void {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(this.#least) || this.#waiting >= QUEUE_LINES) return;
    const line = logLine(this.#runtime.now(), level, text);
    this.#echo(line);
    this.#waiting++;
    this.#written = this.#written.then(() => this.#append(new TextEncoder().encode(line + "\n")))
      .catch(() => this.#giveUp())
      .finally(() => void this.#waiting--);
  }

  async #append(bytes: Uint8Array): Promise<void> {
    this.#file ??= await this.#open();
    if (this.#size > 0 && this.#size + bytes.length > LOG_BYTES) this.#file = await this.#rotate(this.#file);
    this.#file.append(bytes);
    this.#size += bytes.length;
  }

  /** The next line tries again. */
  #giveUp(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  async #open(): Promise<OpenFile> {
    const { fs } = this.#runtime;
    await fs.makeDirectory(this.#folder, 0o700);
    const path = logFileIn(this.#folder);
    try {
      // Only what is opened to append to is safe from the other version's process, which writes while it hands over.
      (await fs.open(path, { access: "create", mode: 0o600 })).close();
    } catch (error) {
      if (!isFileError(error, "exists")) throw error;
    }
    const there = await fs.stat(path);
    // A link would let somebody else choose which file grows (T24).
    if (there?.kind !== "file") throw new Error(`Cannot write the log: ${path} is not a file`);
    await fs.chmod(path, 0o600);
    const file = await fs.open(path, { access: "append" });
    this.#size = (await file.stat()).size;
    // A log that takes years to fill must not keep its older files for as long.
    if (!this.#hasTidied) await this.#removeOld().catch(() => {});
    this.#hasTidied = true;
    return file;
  }

  async #rotate(file: OpenFile): Promise<OpenFile> {
    const { fs, now } = this.#runtime;
    file.close();
    this.#file = undefined;
    const aside = await olderLogName(fs, this.#folder, now());
    await fs.rename(logFileIn(this.#folder), aside);
    await this.#removeOld();
    return await this.#open();
  }

  async #removeOld(): Promise<void> {
    const { fs, now } = this.#runtime;
    for (const path of await olderLogs(fs, this.#folder)) {
      const info = await fs.stat(path);
      if (info !== undefined && info.modifiedAt < now() - LOG_AGE) await fs.remove(path).catch(() => {});
    }
  }
}
