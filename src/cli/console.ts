/**
 * The terminal of this process: the only file of the command line that knows Deno.
 *
 * @module
 */

import { Interrupted, type Stream, type Terminal } from "./terminal.ts";

const SIGNALS: readonly (readonly [Deno.Signal, exitCode: number])[] = Deno.build.os === "windows"
  ? [["SIGINT", 130], ["SIGBREAK", 143]]
  : [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]];

/**
 * Opens the terminal of this process.
 *
 * @returns The terminal; nothing is read, written or listened to yet.
 */
export function openConsole(): Terminal {
  let interruption: AbortSignal | undefined;
  return {
    args: Deno.args,
    env: (name) => Deno.env.get(name),
    envNames: () => Object.keys(Deno.env.toObject()),
    home,
    cwd: () => Deno.cwd(),
    write: (text) => writeAll(Deno.stdout, text),
    writeError: (text) => writeAll(Deno.stderr, text),
    isTerminal: (stream: Stream) => Deno[stream].isTerminal(),
    columns,
    readLine: async (signal) => await (await import("./console_input.ts")).readLine(signal),
    readHidden: async (question, signal) => {
      const { readHidden } = await import("./console_input.ts");
      return await readHidden((text) => writeAll(Deno.stderr, text), question, signal);
    },
    readInput: async (signal) => await (await import("./console_input.ts")).readInput(signal),
    fetchThrough: async (network) => (await import("./console_fetch.ts")).fetchThrough(network),
    get signal() {
      return interruption ??= listen();
    },
    run,
  };
}

/** Without `HOME`, as under some service managers, the account database knows; it is asked only then. */
async function home(): Promise<string | undefined> {
  const folder = Deno.env.get(Deno.build.os === "windows" ? "USERPROFILE" : "HOME");
  if (folder) return folder;
  const { homedir } = await import("node:os");
  try {
    return homedir() || undefined;
  } catch {
    return undefined;
  }
}

/** A reader that has gone away is no failure: `cco update --check | grep -q` with `pipefail` is to say what was found. */
function writeAll(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  for (let rest = new TextEncoder().encode(text); rest.length > 0;) {
    try {
      rest = rest.subarray(stream.writeSync(rest));
    } catch (error) {
      if (error instanceof Deno.errors.BrokenPipe) return;
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
    }
  }
}

function columns(): number {
  try {
    return Deno.consoleSize().columns || 80;
  } catch {
    return Number(Deno.env.get("COLUMNS")) || 80;
  }
}

/** A second Ctrl-C, while the first is still being answered, ends the process at once, as without any listener. */
function listen(): AbortSignal {
  const controller = new AbortController();
  for (const [name, exitCode] of SIGNALS) {
    Deno.addSignalListener(name, () => {
      if (controller.signal.aborted && exitCode === 130) Deno.exit(exitCode);
      controller.abort(new Interrupted(exitCode));
    });
  }
  return controller.signal;
}

/**
 * Ctrl-C reaches both programs and is the other one's to answer: `vi` goes on after it, and would have lost its terminal.
 * The listener stays: Deno hands a signal over some time after it came, and one that finds no listener then would end
 * this program after all, in the middle of what follows.
 */
async function run(command: string, args: readonly string[]): Promise<number> {
  Deno.addSignalListener("SIGINT", () => {});
  const child = new Deno.Command(command, {
    args: [...args],
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  });
  return (await child.spawn().status).code;
}
