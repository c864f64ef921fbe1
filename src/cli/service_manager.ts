/**
 * The machine's own manager of services: systemd, launchd or the Task Scheduler.
 *
 * @module
 */

import type { ServiceProgram } from "../service/service_program.ts";
import { unwritableText } from "../service/service_program.ts";
import { stateDirectoryOf } from "./daemon_place.ts";
import { argumentsOf, requireCompiled } from "./daemon_process.ts";
import { EXIT, Failure } from "./failure.ts";
import type { Invocation } from "./invocation.ts";

/** A manager of services, and what it is told of this one. */
export interface ServiceManager {
  /** Its name, for people. */
  readonly name: string;
  /** The file that describes the service to it. */
  readonly file: string;
  /** What stands in the file. */
  readonly text: string;
  /** How that is written. */
  readonly encoding: "utf-8" | "utf-16le";
  /** What to do or to know once it is installed, one line each. */
  readonly hints: readonly string[];
  /** Why it cannot be used here, `undefined` when it can. */
  readonly absence: () => Promise<string | undefined>;
  /** What is wrong with the file that was written, `undefined` when nothing is or nobody can tell. */
  readonly fault: () => Promise<string | undefined>;
  /** Makes it know the file, start the service now, and again with the machine or at login. */
  readonly activate: () => Promise<void>;
  /** Ends the service and makes it forget it. What is gone already is no error. */
  readonly deactivate: () => Promise<void>;
  /** Called when the file is gone. */
  readonly forget: () => Promise<void>;
  /** Starts the service that it knows. */
  readonly start: () => Promise<void>;
  /** Ends the service that it knows. */
  readonly stop: () => Promise<void>;
}

/** For one person, or for the machine. */
export type Scope = ServiceProgram["scope"];

/** Where variables decide about a program's files, and the service has none unless it is told. */
const VARIABLES: readonly string[] = ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"];

/**
 * The manager of this machine, told about this executable.
 *
 * @param invocation The run; `--port`, `--host`, `--debug` and `--config` are passed on.
 * @param scope For one person, or for the machine.
 * @returns The manager; nothing is written or asked yet.
 * @throws {Failure} Exit code 1 when this runs from source, or a path cannot stand in the manager's file.
 */
export async function serviceManager(invocation: Invocation, scope: Scope): Promise<ServiceManager> {
  const { os } = invocation.world.runtime;
  const program = await programOf(invocation, scope);
  const strange = unwritableText(program);
  if (strange !== undefined) {
    throw failure(`Cannot install the service: a path has a control character in it: ${strange}`);
  }
  if (os === "windows") return (await import("./manager_tasks.ts")).taskScheduler(invocation, program);
  if (os === "darwin") return (await import("./manager_launchd.ts")).launchd(invocation, program);
  return (await import("./manager_systemd.ts")).systemd(invocation, program);
}

/** How a program of the system ended. */
export interface ToolResult {
  /** Its exit code; `undefined` when it could not be run. */
  readonly code: number | undefined;
  /** What it said, first standard output. */
  readonly text: string;
}

/**
 * Runs a program of the system.
 *
 * @param invocation The run, whose environment it gets.
 * @param command Its name.
 * @param args Its arguments.
 * @returns How it ended; one that is not there or hangs has no exit code.
 */
export async function runTool(
  invocation: Invocation,
  command: string,
  args: readonly string[],
): Promise<ToolResult> {
  const { runtime, terminal } = invocation.world;
  const env: Record<string, string> = { LC_ALL: "C", SYSTEMD_COLORS: "0", SYSTEMD_PAGER: "" };
  for (const name of ["PATH", "HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "DBUS_SESSION_BUS_ADDRESS"]) {
    const value = terminal.env(name);
    if (value !== undefined) env[name] = value;
  }
  try {
    const ended = await runtime.run(await toolPath(invocation, command), {
      args,
      env,
      timeout: 150_000,
      maxOutputBytes: 1024 * 1024,
    });
    const decoder = new TextDecoder();
    return {
      code: ended.ended === undefined ? ended.exitCode : undefined,
      text: (decoder.decode(ended.stdout) + decoder.decode(ended.stderr)).trim(),
    };
  } catch (error) {
    return { code: undefined, text: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * Runs a program of the system that has to succeed.
 *
 * @param invocation The run.
 * @param command Its name.
 * @param args Its arguments.
 * @throws {Failure} Exit code 1 with its last line when it does not.
 */
export async function requireTool(
  invocation: Invocation,
  command: string,
  args: readonly string[],
): Promise<void> {
  const { code, text } = await runTool(invocation, command, args);
  if (code === 0) return;
  const why = text.split("\n").at(-1) || `exit code ${code ?? "none"}`;
  throw failure(`'${command} ${args.join(" ")}' failed: ${why}`);
}

/** Where a program of the system is: on PATH, or where Windows keeps its own. */
async function toolPath({ world: { runtime, terminal } }: Invocation, command: string): Promise<string> {
  if (runtime.os === "windows") {
    return `${terminal.env("SystemRoot") ?? "C:\\Windows"}\\System32\\${command}.exe`;
  }
  for (const folder of (terminal.env("PATH") ?? "/usr/bin:/bin").split(":")) {
    const path = `${folder}/${command}`;
    if (folder.startsWith("/") && await runtime.fs.stat(path).catch(() => undefined) !== undefined) {
      return path;
    }
  }
  throw new Error(`there is no ${command} on PATH`);
}

/** A failure to install or to control the service. */
export function failure(message: string, cause?: unknown): Failure {
  return new Failure(message, { exitCode: EXIT.general, code: "SERVICE_MANAGER", cause });
}

async function programOf(invocation: Invocation, scope: Scope): Promise<ServiceProgram> {
  const { runtime, terminal } = invocation.world;
  const { execPath, os } = runtime;
  requireCompiled(execPath);
  const variables = VARIABLES.map((name) => [name, terminal.env(name)] as const);
  return {
    executable: execPath,
    args: await argumentsOf(invocation),
    env: os === "windows" ? {} : Object.fromEntries(variables.filter(isSet)),
    writable: [execPath.slice(0, execPath.search(/[\\/][^\\/]*$/)), await stateDirectoryOf(invocation)],
    scope,
  };
}

function isSet(entry: readonly [string, string | undefined]): entry is readonly [string, string] {
  return entry[1] !== undefined && entry[1] !== "";
}
