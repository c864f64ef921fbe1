/**
 * A system on which services run in this process, for `cco run` and `cco daemon`.
 *
 * @module
 */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Processes, Started, Wishes } from "../../src/cli/processes.ts";
import { freePort } from "../support/free_port.ts";
import type { TestWorld } from "./world.ts";

/** How a started executable behaves: by the version that its script says it is. */
export type Behaviour = (version: string) => How | Promise<How>;
/** What a started executable does. */
export type How = "serves" | "dies" | "dies later";

/** A system on which starting the executable runs the service in this process. */
export class Machine implements Processes {
  readonly world: TestWorld;
  behaviour: Behaviour = () => "serves";
  readonly ended: string[] = [];
  readonly starts: (readonly string[])[] = [];
  #stop = new AbortController();
  #reload: (() => void) | undefined;
  readonly #running: Promise<unknown>[] = [];
  readonly #stops: AbortController[] = [];

  constructor(world: TestWorld) {
    this.world = world;
    world.processes = this;
  }

  async start(path: string, args: readonly string[], env: Record<string, string> = {}): Promise<Started> {
    this.starts.push(args);
    Object.assign(this.world.env, env);
    const version = /cco ([\d.]+)/.exec(await readFile(path, "utf8"))![1]!;
    const how = await this.behaviour(version);
    if (how === "dies") return this.#started(() => 1, Promise.resolve());
    this.#stop = new AbortController();
    let code: number | undefined;
    const { build } = this.world;
    this.world.build = { ...build, version };
    const stop = this.#stop;
    this.#stops.push(stop);
    const ended = this.world.run(...args).then((answer) => {
      code = how === "dies later" ? 1 : answer.code;
    });
    this.#running.push(ended);
    if (how === "dies later") setTimeout(() => stop.abort(), 300);
    this.world.build = build;
    return this.#started(() => code, ended);
  }

  #started(exitCode: () => number | undefined, ended: Promise<void>): Started {
    return { pid: this.world.runtime.pid, exitCode, ended, hasEnded: () => exitCode() !== undefined };
  }

  end(_: number, how: "gracefully" | "forcibly"): Promise<void> {
    this.ended.push(how);
    this.#stop.abort();
    return Promise.resolve();
  }

  listen(): Promise<Wishes> {
    // A service in the foreground is started by nobody.
    if (this.#stop.signal.aborted) this.#stop = new AbortController();
    const onReload = (listener: () => void) => {
      this.#reload = listener;
      return () => void (this.#reload = undefined);
    };
    return Promise.resolve({ stop: this.#stop.signal, onReload });
  }

  reload(): void {
    this.#reload?.();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stop of this.#stops) stop.abort();
    await Promise.all(this.#running);
  }
}

/** Gives a world such a system, and its service a port. */
export async function machineWith(world: TestWorld): Promise<{ machine: Machine; port: number }> {
  const port = await freePort();
  world.env["CCO_SERVICE_PORT"] = `${port}`;
  return { machine: new Machine(world), port };
}

/** What the audit trail says. */
export async function attempts(world: TestWorld): Promise<unknown[][]> {
  const text = await readFile(join(world.home, ".local/state/cco/update.log.jsonl"), "utf8");
  const entries: Record<string, unknown>[] = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  return entries.map(({ how, what, from, to, result }) => [how, what, from, to, result]);
}

/** Installs version 2025.11.2, by `cco update`. */
export async function update(world: TestWorld): Promise<void> {
  await world.publish([{ version: "2025.11.2" }]);
  const { code, stderr } = await world.run("update --yes");
  assert.equal(code, 0, stderr);
  world.build = { ...world.build, version: "2025.11.2" };
}

/** What a question answers once it answers with something. */
export async function until<T>(ask: () => Promise<T | false | undefined>): Promise<T> {
  // Only against hanging.
  const end = Date.now() + 60_000;
  for (;;) {
    const answer = await ask();
    if (answer !== false && answer !== undefined) return answer;
    assert(Date.now() < end, "it never happened");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
