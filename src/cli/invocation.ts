/**
 * One run of one command: what was asked, and the world it is asked in.
 *
 * @module
 */

import type { Runtime } from "../../machine.ts";
import { type Paths, pathsOf } from "../config/paths.ts";
import type { Settings } from "../config/load_settings.ts";
import type { Build } from "./build.ts";
import type { Command } from "./command.ts";
import type { Output } from "./output.ts";
import type { Parsed } from "./parse_arguments.ts";
import type { Processes } from "./processes.ts";
import type { Terminal } from "./terminal.ts";

/** Everything a command meets; tests replace any of it. */
export interface World {
  /** What this executable is. */
  readonly build: Build;
  /** Where the command was given. */
  readonly terminal: Terminal;
  /** The machine. */
  readonly runtime: Runtime;
  /** The administrator's settings; where the system keeps them when absent. */
  readonly policyFile?: string;
  /** Other processes; those of the system when absent. */
  readonly processes?: Processes;
}

/** One run of one command. What it does not ask for is not loaded. */
export class Invocation {
  /** Everything around it. */
  readonly world: World;
  /** Where it answers. */
  readonly output: Output;
  /** The command line, understood. */
  readonly parsed: Parsed;
  #paths: Promise<Paths> | undefined;
  #settings: Promise<Settings> | undefined;
  readonly #afterwards: Promise<unknown>[] = [];

  /**
   * @param world Everything around it.
   * @param output Where it answers.
   * @param parsed The command line, understood.
   */
  constructor(world: World, output: Output, parsed: Parsed) {
    this.world = world;
    this.output = output;
    this.parsed = parsed;
  }

  /** The command that runs. */
  get command(): Command {
    return this.parsed.path.at(-1)!;
  }

  /** The program: with all its commands where the command line does not begin with one of `EVERYDAY`. */
  get root(): Command {
    return this.parsed.path[0]!;
  }

  /** Whether a switch was given. */
  has(flag: string): boolean {
    return this.parsed.flags.has(flag);
  }

  /** The value of a flag, `undefined` when it was not given. */
  flag(name: string): string | undefined {
    return this.parsed.flags.get(name);
  }

  /** All values of a flag that may be repeated. */
  flagValues(name: string): readonly string[] {
    return this.parsed.repeated.get(name) ?? [];
  }

  /** Where everything is kept; `--config` counts. */
  paths(): Promise<Paths> {
    return this.#paths ??= this.#findPaths();
  }

  /** The settings in force. */
  settings(): Promise<Settings> {
    return this.#settings ??= this.#loadSettings();
  }

  /** Something that nobody waits for until the command has answered. It does not fail. */
  meanwhile(work: Promise<unknown>): void {
    this.#afterwards.push(work);
  }

  /** Resolves once all of that has ended. */
  async settled(): Promise<void> {
    await Promise.all(this.#afterwards);
  }

  async #findPaths(): Promise<Paths> {
    const { terminal, runtime, policyFile } = this.world;
    const paths = pathsOf({ os: runtime.os, env: terminal.env, home: await terminal.home() });
    return {
      ...paths,
      configFile: this.#namedConfig() ?? paths.configFile,
      policyFile: policyFile ?? paths.policyFile,
    };
  }

  #namedConfig(): string | undefined {
    const name = this.flag("config");
    if (name === undefined || /^(?:\/|[A-Za-z]:[\\/]|\\\\)/.test(name)) return name;
    return `${this.world.terminal.cwd()}/${name}`;
  }

  async #loadSettings(): Promise<Settings> {
    const { build, terminal, runtime } = this.world;
    const { configFile, policyFile } = await this.paths();
    const { loadSettings } = await import("../config/load_settings.ts");
    return await loadSettings({
      runtime,
      env: terminal.env,
      policyFile,
      configFile,
      isNamed: this.has("config") && !this.command.makesConfig,
      isElsewhere: this.has("config"),
      allowUnsigned: build.allowUnsigned,
      sources: build.sources,
    });
  }
}
