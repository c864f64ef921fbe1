/**
 * The service in a process of its own, from source, in a home of its own.
 *
 * @module
 */

import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { askHealth } from "../../src/service/ask_health.ts";
import { freePort } from "../support/free_port.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** A service in a process of its own, and its home. */
export interface Service {
  readonly home: string;
  readonly child: Deno.ChildProcess;
  readonly port: number;
  /** The log once it has a text. */
  readonly logged: (text: string) => Promise<string>;
  /** Everything that it has written to its standard streams, once it has ended. */
  readonly output: () => Promise<string>;
}

/**
 * Starts a service. It does not check unless it is told to.
 *
 * @param t The test, at whose end it is gone.
 * @param options `env`: variables besides those that it needs; `files`: files below its home, by their paths.
 */
export async function startServiceProcess(
  t: Pick<TestContext, "after">,
  { env = {}, files = {} }: { env?: Record<string, string>; files?: Record<string, string> } = {},
): Promise<Service> {
  const home = await mkdtemp(join(tmpdir(), "cco-signals-"));
  const port = await freePort();
  for (const [path, text] of Object.entries({ ".config/cco/config.toml": "", ...files })) {
    await mkdir(dirname(join(home, path)), { recursive: true });
    await writeFile(join(home, path), text, { mode: 0o600 });
  }
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--quiet", `${root}cli.ts`, "run", `--port=${port}`, "--debug"],
    env: {
      HOME: home,
      DENO_DIR: denoFolder(),
      PATH: Deno.env.get("PATH") ?? "",
      CCO_UPDATES_ENABLED: "false",
      ...env,
    },
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  t.after(async () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended, as it should.
    }
    await child.status;
    await rm(home, { recursive: true });
  });
  const said = [child.stdout, child.stderr].map((stream) => new Response(stream).text());
  await until(async () => await askHealth({ host: "127.0.0.1", port }) !== undefined);
  const path = join(home, ".local/state/cco/logs/cco.log");
  const logged = async (text: string): Promise<string> => {
    await until(async () => (await readFile(path, "utf8").catch(() => "")).includes(text));
    return await readFile(path, "utf8");
  };
  const output = async (): Promise<string> => (await Promise.all(said)).join("");
  return { home, child, port, logged, output };
}

function denoFolder(): string {
  return Deno.env.get("DENO_DIR") ?? join(Deno.env.get("HOME") ?? "/", ".cache/deno");
}

/** Waits for something; the limit is only against hanging. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 90_000; !await isSo();) {
    assert(Date.now() < end, "it never happened");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
