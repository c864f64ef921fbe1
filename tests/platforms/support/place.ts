/**
 * An emulated platform on which an older `cco` is installed, and a server with a newer one.
 *
 * @module
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { fileDigest } from "../../../scripts/build_cache.ts";
import type { CompiledFile } from "../../../scripts/compile.ts";
import { namesIn } from "../../../scripts/demo/home.ts";
import { publish, type ReleaseManifest, type Version } from "../../../scripts/demo/release.ts";
import { type ReleaseServer, startReleaseServer } from "../../../scripts/demo/release_server.ts";
import { emulatedDeno, makeDenoFolder } from "../../../scripts/emulators/deno.ts";
import { type EmulatedPlatform, type Emulator, openEmulator } from "../../../scripts/emulators/emulator.ts";
import { compiledVersion, RELEASE_KEY } from "../../support/deno/compiled_version.ts";
import { executableOf, NEW, NOTES, OLD } from "../../support/deno/published.ts";

/** What a command printed, and how it ended. */
export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const LIBRARY_PROGRAM = fileURLToPath(new URL("library_program.ts", import.meta.url));

/** An emulated start takes seconds, and on a busy machine many of them. In milliseconds. */
const PROBE_TIMEOUT = 300_000;

/** The platform, two compiled versions for it, and their server. `Symbol.asyncDispose` ends all of it. */
export class Platform implements AsyncDisposable {
  readonly emulator: Emulator;
  readonly server: ReleaseServer;
  readonly manifest: ReleaseManifest;
  readonly old: CompiledFile;
  readonly new: CompiledFile;
  /** The program's file name. */
  readonly program: string;
  /** For the platform's own Deno. */
  readonly denoFolder: string;

  private constructor(
    emulator: Emulator,
    server: ReleaseServer,
    manifest: ReleaseManifest,
    [before, after]: readonly [Version, Version],
    denoFolder: string,
  ) {
    this.emulator = emulator;
    this.server = server;
    this.manifest = manifest;
    this.old = executableOf(before);
    this.new = executableOf(after);
    this.denoFolder = denoFolder;
    this.program = this.old.path.endsWith(".exe") ? "cco.exe" : "cco";
  }

  /** Opens it, or says why it cannot be had here. */
  static async open(name: EmulatedPlatform): Promise<Platform | string> {
    const emulator = await openEmulator(name);
    if (typeof emulator === "string") return emulator;
    const facts = { probeTimeout: PROBE_TIMEOUT };
    const versions = [
      await compiledVersion(OLD, name, facts),
      { ...await compiledVersion(NEW, name, facts), notes: NOTES },
    ] as const;
    const server = startReleaseServer();
    const manifest = await publish(server, versions, RELEASE_KEY);
    const denoFolder = join(await Deno.makeTempDir({ prefix: "cco-platform-" }), "deno");
    await makeDenoFolder(denoFolder, ROOT);
    return new Platform(emulator, server, manifest, versions, denoFolder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(dirname(this.denoFolder), { recursive: true });
    await this.server[Symbol.asyncDispose]();
    await this.emulator[Symbol.asyncDispose]();
  }
}

/** A home on that platform, with the older version installed in its folder `bin`. */
export class Place implements AsyncDisposable {
  readonly platform: Platform;
  readonly home: string;
  readonly executable: string;

  private constructor(platform: Platform, home: string) {
    this.platform = platform;
    this.home = home;
    this.executable = join(home, "bin", platform.program);
  }

  static async make(platform: Platform): Promise<Place> {
    const place = new Place(platform, await Deno.makeTempDir({ prefix: "cco-platform-" }));
    await Deno.mkdir(join(place.home, "bin"));
    await Deno.copyFile(platform.old.path, place.executable);
    return place;
  }

  /** Runs the installed program. */
  run(...args: string[]): Promise<Output> {
    return this.runProgram(this.executable, ...args);
  }

  /** Runs any program of the platform in this home. */
  async runProgram(executable: string, ...words: string[]): Promise<Output> {
    const { command, args, env } = this.#command(executable, words);
    const streams = { stdin: "null", stdout: "piped", stderr: "piped" } as const;
    const { code, stdout, stderr } = await new Deno.Command(command, {
      args,
      env,
      clearEnv: true,
      ...streams,
    })
      .output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).replaceAll("\r\n", "\n");
    return { code, stdout: text(stdout), stderr: text(stderr) };
  }

  /**
   * Runs the installed program and kills it after a while.
   *
   * @returns Whether it was still running then.
   */
  async killAfter(milliseconds: number, ...words: string[]): Promise<boolean> {
    const { command, args, env } = this.#command(this.executable, words);
    const child = spawn(command, args, { env, stdio: "ignore" });
    const exit = once(child, "exit");
    const timer = setTimeout(() => child.kill("SIGKILL"), milliseconds);
    const [, signal] = await exit;
    clearTimeout(timer);
    return signal === "SIGKILL";
  }

  /** Runs the program with the library inside, `library_program.ts`, on that platform. */
  async runLibrary(command: string): Promise<Output> {
    const { emulator, server } = this.platform;
    return await this.runProgram(
      await emulatedDeno(emulator.platform),
      "run",
      "--allow-all",
      "--no-check",
      "--quiet",
      "--frozen",
      emulator.path(LIBRARY_PROGRAM),
      command,
      emulator.path(this.executable),
      emulator.path(this.#state),
      `${server.base}version-manifest.json`,
    );
  }

  /** Where downloads are kept until they are whole. */
  get downloads(): string {
    return join(this.#state, "downloads");
  }

  /** The names beside the executable, sorted. */
  names(): Promise<string[]> {
    return namesIn(join(this.home, "bin"));
  }

  /** Which version's file is at the executable's path: exactly the old one, exactly the new one, or none. */
  async installed(): Promise<"old" | "new" | "none"> {
    const { old, new: newer } = this.platform;
    const digest = await fileDigest(this.executable).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    });
    assert([old.sha256, newer.sha256, undefined].includes(digest), "neither the old nor the new executable");
    return digest === undefined ? "none" : digest === old.sha256 ? "old" : "new";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.home, { recursive: true });
  }

  get #state(): string {
    return join(this.home, "state", "cco");
  }

  #command(executable: string, words: readonly string[]) {
    const { emulator, server, denoFolder } = this.platform;
    const { command, args, env } = emulator.command(executable, words);
    const path = (...names: string[]) => emulator.path(join(this.home, ...names));
    return {
      command,
      args,
      env: {
        ...env,
        PATH: Deno.env.get("PATH") ?? "",
        HOME: this.home,
        XDG_STATE_HOME: path("state"),
        XDG_CONFIG_HOME: path("config"),
        USERPROFILE: path(),
        APPDATA: path("config"),
        LOCALAPPDATA: path("state"),
        CCO_UPDATES_SOURCES: `${server.base}version-manifest.json`,
        DENO_DIR: emulator.path(denoFolder),
      },
    };
  }
}
