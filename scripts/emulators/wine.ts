/**
 * Runs Windows executables under wine 8, unchanged. For tests.
 *
 * Two gaps of wine 8 are bridged outside the program. Rust's standard library asks `bcryptprimitives.dll` for random
 * bytes: a library with that one function is put into wine's folder. V8 reserves memory with `VirtualAlloc2` where the
 * system has it, in a way that wine refuses: a copy of wine's `kernelbase.dll` calls it by another name, so that V8 takes
 * the way of older systems; the copy is mounted over the original for each run only.
 *
 * @module
 */

import { join } from "node:path";
import { buildCache, exists, makeOnce } from "../build_cache.ts";
import { forwardingLibrary } from "./forwarding_library.ts";

const KERNELBASE = "/usr/lib/x86_64-linux-gnu/wine/x86_64-windows/kernelbase.dll";

/** Starts a program in a mount namespace of its own, in which wine's library is the patched copy. */
const START = 'mount --bind "$1" "$2" && shift 2 && exec wine "$@"';

/** What a program printed, and how it ended. */
export interface WineOutput {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Wine with a Windows folder of its own. */
export class Wine {
  readonly #prefix: string;
  readonly #patched: string;

  private constructor(prefix: string, patched: string) {
    this.#prefix = prefix;
    this.#patched = patched;
  }

  /**
   * Prepares wine; the first time takes ten seconds.
   *
   * @returns Wine, or why it cannot be used here.
   */
  static async open(): Promise<Wine | string> {
    if (Deno.build.os !== "linux" || Deno.uid() !== 0) return "only root on Linux can mount for one program";
    if (!await exists(KERNELBASE)) return "the packages wine and wine64 are not installed";
    const folder = join(buildCache(), "wine");
    await Deno.mkdir(folder, { recursive: true });
    const patched = join(folder, "kernelbase.dll");
    if (!await exists(patched)) await makeOnce(patched, patchKernelbase);
    const prefix = join(folder, "prefix");
    const wine = new Wine(prefix, patched);
    const ready = join(folder, "prefix.ready");
    if (!await exists(ready)) {
      await wine.#initialise();
      await Deno.writeTextFile(ready, "");
    }
    return wine;
  }

  /** A path of this machine as Windows programs write it. */
  static path(path: string): string {
    return `Z:${path.replaceAll("/", "\\")}`;
  }

  /**
   * Runs a program.
   *
   * @param executable Its path on this machine.
   * @param args Its arguments.
   * @param env Variables for its environment.
   */
  async run(
    executable: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<WineOutput> {
    const { code, stdout, stderr } = await this.#command([Wine.path(executable), ...args], env).output();
    const decoder = new TextDecoder();
    return {
      code,
      stdout: decoder.decode(stdout).replaceAll("\r\n", "\n"),
      stderr: decoder.decode(stderr).replaceAll("\r\n", "\n"),
    };
  }

  /** As {@link run}, but leaves it running; the caller ends it. */
  start(
    executable: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Deno.ChildProcess {
    return this.#command([Wine.path(executable), ...args], env).spawn();
  }

  #command(args: readonly string[], env: Readonly<Record<string, string>>): Deno.Command {
    return new Deno.Command("unshare", {
      args: ["--mount", "sh", "-c", START, "sh", this.#patched, KERNELBASE, ...args],
      env: {
        WINEPREFIX: this.#prefix,
        WINEDEBUG: "-all",
        WINEDLLOVERRIDES: "mscoree,mshtml=",
        PATH: Deno.env.get("PATH") ?? "",
        HOME: Deno.env.get("HOME") ?? "/root",
        ...env,
      },
      clearEnv: true,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
  }

  async #initialise(): Promise<void> {
    await this.#succeed("wineboot", "-i");
    const library = join(this.#prefix, "drive_c/windows/system32/bcryptprimitives.dll");
    await Deno.writeFile(
      library,
      forwardingLibrary("bcryptprimitives.dll", "ProcessPrng", "advapi32.SystemFunction036"),
    );
    await this.#succeed("winecfg", "-v", "win10");
  }

  async #succeed(...args: string[]): Promise<void> {
    const { success, stderr } = await this.#command(args, {}).output();
    if (!success) throw new Error(`wine ${args.join(" ")} failed: ${new TextDecoder().decode(stderr)}`);
  }
}

async function patchKernelbase(path: string): Promise<void> {
  const bytes = await Deno.readFile(KERNELBASE);
  const [from, to] = ["\0VirtualAlloc2\0", "\0VirtualAlloc1\0"].map((text) => new TextEncoder().encode(text));
  for (let at = indexOf(bytes, from!); at >= 0; at = indexOf(bytes, from!)) bytes.set(to!, at);
  await Deno.writeFile(path, bytes);
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array): number {
  for (let at = bytes.indexOf(wanted[0]!); at >= 0; at = bytes.indexOf(wanted[0]!, at + 1)) {
    if (wanted.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  return -1;
}
