/** Where the program of the scenarios lies, and what it is. */

import { type MemoryBehaviour, type MemoryCall, memoryProgram } from "../../../src/runtime/memory.ts";
import { selfDescribing } from "../../../src/runtime/memory/program.ts";

/** The systems whose rules differ. */
export type System = "linux" | "windows";

/** Paths of a system. */
export interface Places {
  readonly folder: string;
  readonly executable: string;
  readonly backup: string;
  readonly state: string;
}

/** The paths on a system. */
export function placesOn(os: System): Places {
  const folder = os === "windows" ? "C:\\apps" : "/opt/apps";
  const executable = os === "windows" ? `${folder}\\app.exe` : `${folder}/app`;
  const state = os === "windows" ? "C:\\state" : "/var/state";
  return { folder, executable, backup: `${executable}.backup`, state };
}

/** An older backup, by its number. */
export function olderBackup({ backup }: Places, number: number): string {
  return `${backup}.older-${String(number).padStart(4, "0")}`;
}

/** The record of an update. */
export function recordIn({ executable }: Places): string {
  return executable.replace(/app(?:\.exe)?$/, (name) => `.${name}.update.json`);
}

/** A file of the state folder. */
export function stateFile({ state }: Places, name: "probation.json" | "refused-versions.json"): string {
  return `${state}${state.includes("\\") ? "\\" : "/"}${name}`;
}

/** An executable of a version; one that `failsWhenLive` crashes under the name of the installed program. */
export function program(version: string, failsWhenLive = false): Uint8Array<ArrayBuffer> {
  const behaviour: MemoryBehaviour & { failsWhenLive: boolean } = {
    stdout: `app ${version}\n`,
    failsWhenLive,
  };
  return memoryProgram(behaviour);
}

/** What the executables that {@link program} makes do. */
export function programs(call: MemoryCall): MemoryBehaviour | undefined {
  const behaviour: MemoryBehaviour & { failsWhenLive?: boolean } | undefined = selfDescribing(call);
  const isLive = /[/\\]app(?:\.exe)?$/.test(call.path);
  return behaviour?.failsWhenLive && isLive ? { end: "signal" } : behaviour;
}
