/** When a process started, as text: what tells a living process from a later one that was given its number (T34). */

import { FileError } from "../../errors.ts";
import type { RunOptions, RunResult } from "../types.ts";

/** What the machine must offer to answer; each adapter has its own. */
export interface ProcessFacts {
  /** Operating system, as the library names it. */
  readonly os: string;
  /** Reads a small text file; `undefined` when it is absent. */
  readonly readText: (path: string) => Promise<string | undefined>;
  /** Whether there is such a process, whoever owns it. */
  readonly isAlive: (pid: number) => Promise<boolean>;
  /** Runs a program. */
  readonly run: (path: string, options: RunOptions) => Promise<RunResult>;
  /** The folder of Windows itself. */
  readonly systemRoot: string;
}

/** What the system's own tools need to answer, a slow machine included. */
const TOOL_LIMITS = { timeout: 20_000, maxOutputBytes: 4096 };

/**
 * Returns an opaque text that only this process has among all that ever get its number.
 *
 * A killed process whose parent has not noticed yet (a zombie) counts as none.
 *
 * @param pid The process.
 * @param facts The machine.
 * @returns The text, or `undefined` when there is no such process.
 * @throws FileError of kind `denied` when the process lives but the system hides when it started.
 */
export async function processStartOf(pid: number, facts: ProcessFacts): Promise<string | undefined> {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  if (facts.os === "linux") return await startOnLinux(pid, facts);
  if (!(await facts.isAlive(pid))) return undefined;
  return facts.os === "windows" ? await startOnWindows(pid, facts) : await startByPs(pid, facts);
}

/**
 * Reads `/proc/<pid>/stat` (proc(5)): field 3 is the state, field 22 the start in ticks since boot.
 *
 * @param stat The file's text.
 * @returns The start; `undefined` for a process that has ended.
 */
export function parseProcStat(stat: string): string | undefined {
  // Field 2 is the program's name in parentheses and may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state] = fields;
  return state === "Z" || state === "X" ? undefined : fields[22 - 3];
}

/**
 * Reads one line of `ps -o state=,lstart=`.
 *
 * @param line What `ps` printed.
 * @returns The start; `undefined` when nothing was printed, or the process has ended.
 */
export function parsePs(line: string): string | undefined {
  const [state, ...start] = line.trim().split(/\s+/);
  return state === undefined || state.startsWith("Z") || start.length === 0 ? undefined : start.join(" ");
}

async function startOnLinux(pid: number, facts: ProcessFacts): Promise<string | undefined> {
  const stat = await facts.readText(`/proc/${pid}/stat`);
  if (stat === undefined) {
    // With hidepid=2 (proc(5)) other users' processes are not listed: they are not dead for that.
    if (await facts.isAlive(pid)) throw new FileError("denied", "processStart", `/proc/${pid}/stat`);
    return undefined;
  }
  const start = parseProcStat(stat);
  if (start === undefined) return undefined;
  // Ticks count from boot: the boot's own id makes them comparable after a restart.
  const boot = await facts.readText("/proc/sys/kernel/random/boot_id");
  return `${boot?.trim() ?? ""}/${start}`;
}

async function startByPs(pid: number, facts: ProcessFacts): Promise<string | undefined> {
  const result = await facts.run("/bin/ps", {
    args: ["-o", "state=,lstart=", "-p", String(pid)],
    env: { LC_ALL: "C", TZ: "UTC" },
    ...TOOL_LIMITS,
  });
  return parsePs(new TextDecoder().decode(result.stdout));
}

/** `FILETIME` in 100 ns, the same number that {@link import("../deno/windows_process.ts")} reads without a process. */
async function startOnWindows(pid: number, facts: ProcessFacts): Promise<string | undefined> {
  const result = await facts.run(`${facts.systemRoot}\\System32\\WindowsPowerShell\\v1.0\\powershell.exe`, {
    args: [
      "-NoProfile",
      "-NonInteractive",
      "-Command",
      `(Get-Process -Id ${pid} -ErrorAction Stop).StartTime.ToFileTimeUtc()`,
    ],
    env: {},
    ...TOOL_LIMITS,
  });
  const printed = new TextDecoder().decode(result.stdout).trim();
  // A PowerShell that is forbidden, or a stand-in for it, prints nothing: then only the number identifies the process.
  return /^\d+$/.test(printed) ? printed : "running";
}
