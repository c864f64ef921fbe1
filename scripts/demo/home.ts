/**
 * A person's home folder for the length of a demonstration or a test, with `cco` installed in it.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { exists } from "../build_cache.ts";

/** What a command printed, and how it ended. */
export interface Output {
  /** The exit code. */
  readonly code: number;
  /** Standard output. */
  readonly stdout: string;
  /** Standard error. */
  readonly stderr: string;
}

/** The home folder. `Symbol.asyncDispose` removes it. */
export class Home implements AsyncDisposable {
  /** The folder. */
  readonly folder: string;
  /** Where the executable is installed. */
  readonly executable: string;

  readonly #extra: Readonly<Record<string, string>>;

  private constructor(folder: string, extra: Readonly<Record<string, string>>) {
    this.folder = folder;
    this.#extra = extra;
    this.executable = join(folder, ".local", "bin", Deno.build.os === "windows" ? "cco.exe" : "cco");
  }

  /**
   * Makes an empty home in the system's temporary folder.
   *
   * @param extra Variables for the environment of everything that runs in it.
   */
  static async make(extra: Readonly<Record<string, string>> = {}): Promise<Home> {
    return new Home(await Deno.makeTempDir({ prefix: "cco-home-" }), extra);
  }

  /** Everything a program may ask the environment for; nothing of the real environment but where programs are. */
  get env(): Record<string, string> {
    const inherited = ["PATH", "SystemRoot", "TEMP", "TMPDIR"]
      .map((name) => [name, Deno.env.get(name)] as const)
      .filter((entry): entry is [string, string] => entry[1] !== undefined);
    return {
      ...Object.fromEntries(inherited),
      HOME: this.folder,
      USERPROFILE: this.folder,
      XDG_CONFIG_HOME: join(this.folder, ".config"),
      XDG_STATE_HOME: join(this.folder, ".local", "state"),
      XDG_CACHE_HOME: join(this.folder, ".cache"),
      APPDATA: join(this.folder, "AppData", "Roaming"),
      LOCALAPPDATA: join(this.folder, "AppData", "Local"),
      LANG: "C.UTF-8",
      ...this.#extra,
    };
  }

  /**
   * Installs an executable as `cco`.
   *
   * @param executable Its path.
   */
  async install(executable: string): Promise<void> {
    await Deno.mkdir(dirname(this.executable), { recursive: true });
    await Deno.copyFile(executable, this.executable);
  }

  /**
   * Runs the installed `cco`.
   *
   * @param args Its arguments.
   */
  async run(...args: string[]): Promise<Output> {
    const command = new Deno.Command(this.executable, { args, env: this.env, clearEnv: true, stdin: "null" });
    const { code, stdout, stderr } = await command.output();
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  }

  /** The names beside the executable, sorted. */
  async installed(): Promise<string[]> {
    return await namesIn(dirname(this.executable));
  }

  /** Removes the home. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** The names in a folder, sorted; none when there is no such folder. */
export async function namesIn(folder: string): Promise<string[]> {
  if (!await exists(folder)) return [];
  return (await Array.fromAsync(Deno.readDir(folder))).map((entry) => entry.name).sort();
}
