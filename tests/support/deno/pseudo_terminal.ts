/**
 * Programs in a real pseudo-terminal, made by util-linux's `script`, with somebody who types.
 *
 * @module
 */

import assert from "node:assert/strict";

/** What is typed once a text has appeared. */
export type Typing = readonly (readonly [appears: string | RegExp, typed: string])[];

/** How a session ended and all that came to the screen, control sequences included. */
export interface Session {
  readonly code: number;
  readonly screen: string;
}

/** Why there can be no session here, if so. */
export const SKIP_SESSIONS: string | false = await hasScript() ? false : "it needs script of util-linux";

/** Against hanging only. */
const PATIENCE = 60_000;

/**
 * Runs a command line in a terminal.
 *
 * @param line The command line, for a shell.
 * @param options The terminal's width, the whole environment, and what is typed.
 */
export async function terminalSession(
  line: string,
  { columns = 80, env, typing = [], cwd }: {
    columns?: number;
    env: Readonly<Record<string, string>>;
    typing?: Typing;
    cwd?: string;
  },
): Promise<Session> {
  const child = new Deno.Command("script", {
    args: ["-qefc", `stty cols ${columns} rows 24; exec ${line}`, "/dev/null"],
    env: { TERM: "xterm-256color", SHELL: "/bin/sh", ...env },
    clearEnv: true,
    ...cwd === undefined ? {} : { cwd },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const late = setTimeout(() => child.kill("SIGKILL"), PATIENCE);
  let [screen, seen, next] = ["", 0, 0];
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    screen += chunk;
    const step = typing[next];
    if (step === undefined) continue;
    const [appears, keys] = step;
    const rest = screen.slice(seen);
    if (typeof appears === "string" ? !rest.includes(appears) : !appears.test(rest)) continue;
    // What comes next has to appear after this.
    seen = screen.length;
    next++;
    await writer.write(new TextEncoder().encode(keys));
  }
  const { code } = await child.status;
  clearTimeout(late);
  await writer.close().catch(() => {});
  assert.equal(next, typing.length, `not all was typed; the screen was ${JSON.stringify(screen)}`);
  return { code, screen: screen.replaceAll("\r\n", "\n") };
}

/** The lines of a screen as they were drawn, one after the other on the same line of it included. */
export function drawnLines(screen: string): string[] {
  // deno-lint-ignore no-control-regex
  return screen.replace(/\x1b\[[0-9;]*[mK]/g, "").split(/[\n\r]/);
}

async function hasScript(): Promise<boolean> {
  if (Deno.build.os !== "linux") return false;
  const command = new Deno.Command("script", { args: ["--version"], stdout: "null", stderr: "null" });
  return await command.output().then(({ success }) => success, () => false);
}
