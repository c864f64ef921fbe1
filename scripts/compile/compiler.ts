/**
 * Compiling for one platform after another, with the runtime of Deno's makers where it can be had.
 *
 * @module
 */

import type { Build } from "../../src/cli/build.ts";
import { denoCompile, RuntimeMissing } from "./deno_compile.ts";
import { hostPlatform, type Platform } from "./platforms.ts";
import type { Snapshot } from "./snapshot.ts";
import { officialToolchain, recoveredToolchain } from "./toolchain.ts";

/** A development build waits no longer for the official runtime: an unreachable host may not even refuse. */
const OFFICIAL_TIMEOUT = 60_000;

/** Compiles for one kind of build; what it learns about the official runtime counts for the whole process. */
export class Compiler {
  readonly #kind: Build["kind"];
  readonly #say: (line: string) => void;
  static #officialFailure: string | undefined;

  /**
   * @param kind A release is made with the official runtime or not at all.
   * @param say Receives a line about each thing that is not as usual.
   */
  constructor(kind: Build["kind"], say: (line: string) => void) {
    this.#kind = kind;
    this.#say = say;
  }

  /**
   * Compiles the sources.
   *
   * @param snapshot The sources.
   * @param platform The platform to compile for.
   * @param output The executable's path.
   */
  async compile(snapshot: Snapshot, platform: Platform, output: string): Promise<void> {
    Compiler.#officialFailure ??= await this.#compileOfficially(snapshot, platform, output);
    if (Compiler.#officialFailure === undefined) return;
    const toolchain = await recoveredToolchain(platform.name);
    if (toolchain === undefined) throw new Error(noToolchain(platform, Compiler.#officialFailure));
    if (toolchain.version !== Deno.version.deno) {
      this.#say(`Compiling for ${platform.name} with Deno ${toolchain.version} from npm.`);
    }
    await denoCompile(toolchain, snapshot, platform, output);
  }

  /** Why the official runtime cannot be had, or `undefined` when the executable is there. */
  async #compileOfficially(
    snapshot: Snapshot,
    platform: Platform,
    output: string,
  ): Promise<string | undefined> {
    const toolchain = officialToolchain(this.#kind === "development" ? OFFICIAL_TIMEOUT : undefined);
    try {
      await denoCompile(toolchain, snapshot, platform, output);
      return undefined;
    } catch (error) {
      if (!(error instanceof RuntimeMissing)) throw error;
      if (this.#kind === "release") {
        throw new Error(releaseRefusal(platform, error.message), { cause: error });
      }
      this.#say(`The official runtime of Deno ${toolchain.version} cannot be downloaded: ${error.message}`);
      return error.message;
    }
  }
}

function noToolchain(platform: Platform, failure: string): string {
  return `Cannot compile for ${platform.name}: Deno could not download its runtime (${failure}), and no other is known ` +
    `for this platform with a Deno that runs on ${hostPlatform()}. Compile where that download works.`;
}

function releaseRefusal(platform: Platform, failure: string): string {
  return `Cannot make a release for ${platform.name}: Deno could not download its runtime (${failure}). ` +
    "A release is made with no other. Compile where that download works, or add --development to try things out.";
}
