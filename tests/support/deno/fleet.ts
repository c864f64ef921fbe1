/**
 * Three servers of an administrator on this machine: a home each, with a compiled `cco`, behind an `ssh` and an `scp`
 * that run locally.
 *
 * @module
 */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import type { Version } from "../../../scripts/demo/release.ts";
import { publish, type ReleaseManifest } from "../../../scripts/demo/release.ts";
import { type ReleaseServer, startReleaseServer } from "../../../scripts/demo/release_server.ts";
import { freePort } from "../free_port.ts";
import { RELEASE_KEY } from "./compiled_version.ts";
import { executableOf, versions } from "./published.ts";

/** The servers' names, as the administrator guide has them. */
export const SERVERS = ["prod-1", "prod-2", "prod-3"] as const;

/** How a script ended and what it printed. */
export interface ScriptOutput {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Three servers, and the releases that they look at. */
export class Fleet {
  /** Where scripts run; the servers' homes are folders in it. */
  readonly folder: string;
  /** Serves the releases. */
  readonly server: ReleaseServer;
  /** What is published. */
  readonly manifest: ReleaseManifest;
  /** The administrator's own home. */
  home: string;
  readonly #ports: ReadonlyMap<string, number>;

  private constructor(
    folder: string,
    server: ReleaseServer,
    manifest: ReleaseManifest,
    ports: ReadonlyMap<string, number>,
  ) {
    this.folder = this.home = folder;
    this.server = server;
    this.manifest = manifest;
    this.#ports = ports;
  }

  /**
   * Installs the older version on every server and publishes the newer one.
   *
   * @param t Removes it all afterwards.
   */
  static async make(t: Pick<TestContext, "after">): Promise<Fleet> {
    const [before, after] = await versions();
    const server = startReleaseServer();
    t.after(() => server[Symbol.asyncDispose]());
    const manifest = await publish(server, [before, after], RELEASE_KEY);
    const folder = await Deno.makeTempDir({ prefix: "cco-fleet-" });
    t.after(() => Deno.remove(folder, { recursive: true }));
    const fleet = new Fleet(folder, server, manifest, await portsFor(SERVERS));
    for (const name of SERVERS) await fleet.#install(name, before);
    await fleet.#writeTools();
    return fleet;
  }

  /** The home of a server's user. */
  homeOf(name: typeof SERVERS[number]): string {
    return join(this.folder, name);
  }

  /** The executable of a server. */
  executable(name: typeof SERVERS[number]): string {
    return join(this.homeOf(name), ".local/bin/cco");
  }

  /** The settings of a server. */
  configFile(name: typeof SERVERS[number]): string {
    return join(this.homeOf(name), ".config/cco/config.toml");
  }

  /** Runs a script at the administrator's own desk. */
  async run(script: string, ...args: string[]): Promise<ScriptOutput> {
    const path = join(this.folder, "script.sh");
    await Deno.writeTextFile(path, script);
    return await this.#bash([path, ...args], { PATH: `${this.#tools}:${systemPath()}`, HOME: this.home });
  }

  /** Runs a script on a server. */
  async runOn(name: typeof SERVERS[number], script: string, ...args: string[]): Promise<ScriptOutput> {
    const path = join(this.folder, "local.sh");
    await Deno.writeTextFile(path, script);
    const command = [path, ...args].map((word) => `'${word}'`).join(" ");
    return await this.#bash(["-c", `exec '${this.#tools}/ssh' ${name} bash ${command}`], {
      PATH: systemPath(),
    });
  }

  get #tools(): string {
    return join(this.folder, "tools");
  }

  async #bash(args: string[], env: Record<string, string>): Promise<ScriptOutput> {
    const command = new Deno.Command("/bin/bash", {
      args,
      cwd: this.folder,
      env: { LANG: "C.UTF-8", CCO_UPDATES_SOURCES: `${this.server.base}version-manifest.json`, ...env },
      clearEnv: true,
      stdin: "null",
    });
    const { code, stdout, stderr } = await command.output();
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  }

  async #install(name: typeof SERVERS[number], version: Version): Promise<void> {
    const executable = this.executable(name);
    await Deno.mkdir(dirname(executable), { recursive: true });
    // A copy: one of the scripts writes into the file.
    await Deno.copyFile(executableOf(version).path, executable);
    assert((await Deno.stat(executable)).mode! & 0o100);
  }

  async #writeTools(): Promise<void> {
    await Deno.mkdir(this.#tools);
    const ports = SERVERS.map((name) => `${name}) port=${this.#ports.get(name)} ;;`).join(" ");
    const tools = {
      // As ssh does: the words after the server, joined, are a command line for its shell.
      ssh: `server=$1; shift
case "$server" in ${ports} *) echo "ssh: no such server: $server" >&2; exit 255 ;; esac
export HOME="${this.folder}/$server" PATH="${this.folder}/$server/.local/bin:${this.#tools}:${systemPath()}"
export CCO_SERVICE_PORT=$port
cd "$HOME" || exit 255
if [ "$#" -eq 0 ]; then exec sh; fi
exec sh -c "$*"`,
      // Only to a server, as the guide does it.
      scp: `server=\${2%%:*}; exec '${this.#tools}/ssh' "$server" "cat > \${2#*:}" < "$1"`,
      // The servers share this machine: each listens on a port of its own in place of 3000.
      curl: `for url; do :; done
exec /usr/bin/curl -s "$(echo "$url" | sed "s/:3000/:$CCO_SERVICE_PORT/")"`,
      // Nothing that the scripts wait for needs time: restart returns when the service answers.
      sleep: "exit 0",
    };
    for (const [name, script] of Object.entries(tools)) {
      await Deno.writeTextFile(join(this.#tools, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    }
  }
}

async function portsFor(names: readonly string[]): Promise<Map<string, number>> {
  const ports = new Set<number>();
  while (ports.size < names.length) ports.add(await freePort());
  return new Map([...ports].map((port, index) => [names[index]!, port]));
}

function systemPath(): string {
  return Deno.env.get("PATH") ?? "/usr/bin:/bin";
}
