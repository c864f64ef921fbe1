/**
 * Where the service listens and writes.
 *
 * @module
 */

import { EXIT, Failure } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import type { Processes } from "./processes.ts";

/** Where the service is. */
export interface ServicePlace {
  /** What it remembers. */
  readonly stateDirectory: string;
  /** The address it listens on. */
  readonly host: string;
  /** The port. */
  readonly port: number;
}

/**
 * Where the service listens: by `--port` and `--host`, else by the settings.
 *
 * @param invocation The run.
 * @returns The place.
 * @throws {Failure} Exit code 2 for a flag that is no port or no address.
 */
export async function servicePlace(invocation: Invocation): Promise<ServicePlace> {
  const { settingOf } = await import("../config/settings.ts");
  const settings = await invocation.settings();
  const read = <T>(flag: string, parse: (text: string) => T): T | undefined => {
    const text = invocation.flag(flag);
    if (text === undefined) return undefined;
    try {
      return parse(text);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new Failure(message, { exitCode: EXIT.usage, code: "USAGE", cause: error });
    }
  };
  return {
    stateDirectory: await stateDirectoryOf(invocation),
    host: read("host", (text) => settingOf("service.host").kind.parse(text)) ?? settings.get("service.host"),
    port: read("port", (text) => settingOf("service.port").kind.parse(text)) ?? settings.get("service.port"),
  };
}

/**
 * The state folder, without which there is no service.
 *
 * @param invocation The run.
 * @returns Its path.
 * @throws {Failure} When the account has no folder of its own.
 */
export async function stateDirectoryOf(invocation: Invocation): Promise<string> {
  const { stateDirectory } = await invocation.paths();
  if (stateDirectory !== undefined) return stateDirectory;
  const message = "This account has no folder for the service's state. Set HOME or XDG_STATE_HOME";
  throw new Failure(message, { exitCode: EXIT.general, code: "NO_STATE" });
}

/** The folder of the log. */
export function logFolder(stateDirectory: string): string {
  return `${stateDirectory}${stateDirectory.includes("\\") ? "\\" : "/"}logs`;
}

/** Other processes, as this world has them. */
export async function processesOf({ world }: Invocation): Promise<Processes> {
  return world.processes ?? (await import("./system_processes.ts")).systemProcesses;
}
