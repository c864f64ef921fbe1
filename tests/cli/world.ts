/**
 * A world for commands: a home in a temporary folder, an installed `cco` that is a shell script, releases in another
 * folder, and a terminal whose keys and screen are texts.
 *
 * @module
 */

import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHash } from "node:crypto";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Runtime, systemRuntime } from "../../machine.ts";
import { type Build, developmentBuild } from "../../src/cli/build.ts";
import { runCli } from "../../src/cli/run_cli.ts";
import type { Processes } from "../../src/cli/processes.ts";
import { Interrupted, type Stream, type Terminal } from "../../src/cli/terminal.ts";
import type { SecretKey } from "../../src/minisign_secret.ts";
import { signManifest } from "../support/signed_release.ts";
import { tarGz, utf8 } from "../support/tar_archive.ts";

/** How a command ended and what it said. */
export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A release for {@link TestWorld.publish}. */
export interface TestRelease {
  readonly version: string;
  /** What the new executable does; it answers `--version` properly unless given. */
  readonly script?: string;
  /** The file that is published instead of a proper archive. */
  readonly archive?: Uint8Array;
  /** Fields of the version to add or replace. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Fields of the asset to add or replace. */
  readonly asset?: Readonly<Record<string, unknown>>;
}

/** A script that answers as `cco` of a version does. */
export function scriptOf(version: string): string {
  return `#!/bin/sh\necho "cco ${version}"\n`;
}

/** One world; `await using` removes it. */
export class TestWorld {
  readonly folder: string;
  readonly env: Record<string, string> = {};
  readonly terminals = new Set<Stream>();
  build: Build;
  runtime: Runtime;
  columns = 80;
  /** Other processes; the system's unless given. */
  processes: Processes | undefined;
  /** Told what is written to standard output, as it is written. */
  onOutput: ((text: string) => void) | undefined;
  /** The network of the settings; that of the runtime unless given. */
  through: Terminal["fetchThrough"] | undefined;
  /** What the person types, line by line; `undefined` ends the input, an `Interrupted` is Ctrl-C. */
  typed: (string | undefined | Interrupted)[] = [];
  /** What is piped in, for commands that read all of it. */
  input = "";
  /** What `$EDITOR` does to its file; returns its exit code. */
  editor: (path: string) => Promise<number> = () => Promise.resolve(0);
  /** The paths that were asked for. */
  readonly requests: string[] = [];
  readonly #interruption = new AbortController();
  readonly #server: Server;

  private constructor(folder: string, version: string, server: Server) {
    this.folder = folder;
    this.#server = server;
    server.on("request", (request, response) => void this.#serve(request.url ?? "/", response));
    this.build = { ...developmentBuild(version), sources: [`${this.address}/version-manifest.json`] };
    this.runtime = {
      ...systemRuntime(),
      os: "linux",
      arch: "x86_64",
      libc: "gnu",
      execPath: this.executable,
    };
    this.env["HOME"] = this.home;
    this.env["TERM"] = "xterm";
  }

  static async make(version = "2025.11.1"): Promise<TestWorld> {
    const server = createServer();
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    const world = new TestWorld(await mkdtemp(join(tmpdir(), "cco-cli-")), version, server);
    await mkdir(join(world.home, ".local/bin"), { recursive: true });
    await mkdir(join(world.folder, "releases"));
    await writeFile(world.executable, scriptOf(version), { mode: 0o755 });
    return world;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => void this.#server.close(resolve));
    // A graceful end would wait for connections that the client keeps open.
    this.#server.closeAllConnections();
    await closed;
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Where the folder of releases is served. */
  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get home(): string {
    return join(this.folder, "home");
  }

  get executable(): string {
    return join(this.home, ".local/bin/cco");
  }

  get configFile(): string {
    return join(this.home, ".config/cco/config.toml");
  }

  get stateFile(): string {
    return join(this.home, ".local/state/cco/state.json");
  }

  get policyFile(): string {
    return join(this.folder, "policy.toml");
  }

  /** Runs a command; a single text is split at its spaces. */
  async run(...words: string[]): Promise<Answer> {
    const args = words.length === 1 ? words[0]!.split(" ").filter((word) => word !== "") : words;
    const screen = { stdout: "", stderr: "" };
    const terminal = this.#terminal(args, screen);
    const { build, runtime, policyFile, processes } = this;
    const world = { build, runtime, terminal, policyFile, ...(processes ? { processes } : {}) };
    return { code: await runCli(world), ...screen };
  }

  /** Like {@link run}, with `--json`, and the document in place of the text. */
  async json(words: string): Promise<{ code: number; document: Record<string, unknown>; stderr: string }> {
    const { code, stdout, stderr } = await this.run(`${words} --json`);
    return { code, document: JSON.parse(stdout), stderr };
  }

  /** Somebody sits there. */
  sit(): void {
    for (const stream of ["stdin", "stdout", "stderr"] as const) this.terminals.add(stream);
  }

  interrupt(): void {
    this.#interruption.abort(new Interrupted(130));
  }

  async writeConfig(text: string, mode = 0o600): Promise<void> {
    await mkdir(join(this.home, ".config/cco"), { recursive: true });
    await writeFile(this.configFile, text, { mode });
  }

  async readConfig(): Promise<string> {
    return await readFile(this.configFile, "utf8");
  }

  async writeState(fields: object): Promise<void> {
    await mkdir(join(this.home, ".local/state/cco"), { recursive: true });
    await writeFile(this.stateFile, JSON.stringify(fields));
  }

  /** The names in the folder of the executable. */
  async installed(): Promise<string[]> {
    return (await readdir(join(this.home, ".local/bin"))).sort();
  }

  /** Publishes releases; the last one is the head of the stable channel. */
  async publish(
    releases: readonly TestRelease[],
    { key, fields = {} }: { key?: SecretKey; fields?: Readonly<Record<string, unknown>> } = {},
  ): Promise<void> {
    const versions: Record<string, unknown> = {};
    for (const release of releases) versions[release.version] = await this.#describe(release);
    const now = Date.now();
    const text = JSON.stringify({
      schema: 1,
      app: "cco",
      sequence: 5,
      issued: new Date(now - 3_600_000).toISOString().replace(/\.\d+/, ""),
      expires: new Date(now + 30 * 24 * 3_600_000).toISOString().replace(/\.\d+/, ""),
      latest: { stable: releases.at(-1)!.version },
      versions,
      ...fields,
    });
    await writeFile(join(this.folder, "releases/version-manifest.json"), text);
    if (key === undefined) return;
    const { signature } = await signManifest(text, [key]);
    await writeFile(join(this.folder, "releases/version-manifest.json.minisig"), signature!);
  }

  async #serve(path: string, response: ServerResponse): Promise<void> {
    this.requests.push(path);
    const bytes = await readFile(join(this.folder, "releases", path.slice(1))).catch(() => undefined);
    response.writeHead(bytes === undefined ? 404 : 200, { "content-length": bytes?.length ?? 0 });
    response.end(bytes);
  }

  async #describe(
    { version, script = scriptOf(version), archive, fields, asset }: TestRelease,
  ): Promise<object> {
    const bytes = archive ?? tarGz({ name: "cco", content: utf8(script), mode: 0o755 });
    const name = `cco-v${version}-linux-x86_64.tar.gz`;
    await writeFile(join(this.folder, "releases", name), bytes);
    return {
      date: "2025-11-15T10:00:00Z",
      platforms: {
        "linux-x86_64": {
          url: name,
          sha256: createHash("sha256").update(bytes).digest("hex"),
          size: bytes.length,
          binary: {
            path: "cco",
            sha256: createHash("sha256").update(script).digest("hex"),
            size: utf8(script).length,
          },
          ...asset,
        },
      },
      ...fields,
    };
  }

  #terminal(args: readonly string[], screen: { stdout: string; stderr: string }): Terminal {
    return {
      args,
      env: (name) => this.env[name],
      envNames: () => Object.keys(this.env),
      home: () => Promise.resolve(this.env["HOME"]),
      cwd: () => this.folder,
      write: (text) => {
        screen.stdout += text;
        this.onOutput?.(text);
      },
      writeError: (text) => void (screen.stderr += text),
      isTerminal: (stream) => this.terminals.has(stream),
      columns: () => this.columns,
      readLine: () => {
        const line = this.typed.shift();
        return line instanceof Interrupted ? Promise.reject(line) : Promise.resolve(line);
      },
      readHidden: (question) => {
        screen.stderr += `${question}\n`;
        const line = this.typed.shift();
        return line instanceof Interrupted ? Promise.reject(line) : Promise.resolve(line);
      },
      readInput: () => Promise.resolve(this.input),
      fetchThrough: (network) => this.through?.(network) ?? Promise.resolve(this.runtime.fetch),
      signal: this.#interruption.signal,
      run: (_, [path]) => this.editor(path!),
    };
  }
}
