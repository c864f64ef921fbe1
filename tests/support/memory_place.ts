/**
 * A machine in memory with an installed program and a release server.
 *
 * @module
 */

import { checkForUpdate, type Update } from "../../src/check_for_update.ts";
import { downloadVerified } from "../../src/download_verified.ts";
import type { StagedUpdate } from "../../src/staged_update.ts";
import {
  type MemoryBehaviour,
  MemoryMachine,
  type MemoryMachineOptions,
  memoryProgram,
  type MemoryRuntime,
} from "../../src/runtime/memory.ts";
import { locate } from "../../src/runtime/memory/locate.ts";
import { release, type ReleaseParts } from "./release.ts";

/** The version that is installed. */
export const OLD = "1.0.0";
/** The version that is released. */
export const NEW = "2.0.0";

const SERVER = "https://releases.example/";

/** The machine and what tests do with it. */
export interface MemoryPlace {
  readonly machine: MemoryMachine;
  readonly runtime: MemoryRuntime;
  /** The installed executable. */
  readonly executable: string;
  /** A path beside it. */
  beside(name: string): string;
  /** A path in the folder where the program keeps its state. */
  state(name: string): string;
  /** The address of the manifest. */
  readonly source: string;
  /** Options that every step takes here. */
  readonly options: {
    readonly runtime: MemoryRuntime;
    readonly app: string;
    readonly currentVersion: string;
    readonly allowUnsigned: true;
  };
  /** Puts a file on the server, or takes one away. */
  serve(name: string, content: Uint8Array | string | (() => Response) | undefined): void;
  /** Publishes a release: a program that prints its version, unless its parts say otherwise. */
  publish(parts?: Partial<ReleaseParts>): void;
  /** What is in the folder of the executable: mode and content by name. */
  folder(): Record<string, string>;
  /** Names in the folder of downloads. */
  downloads(): string[];
  /** The update that is published. */
  check(): Promise<Update>;
  /** Publishes, checks and downloads. */
  staged(parts?: Partial<ReleaseParts>): Promise<StagedUpdate>;
}

/** A program that prints `app` and its version. */
export function appProgram(version: string, behaviour: MemoryBehaviour = {}): Uint8Array {
  return memoryProgram({ stdout: `app ${version}\n`, ...behaviour });
}

/** The program that is released unless a test says otherwise. */
export const APP: Uint8Array = appProgram(NEW);

/**
 * Makes the machine. Version {@link OLD} is installed.
 *
 * @param options Further options of the machine; `uid` of the process, `mode` of the installed executable.
 */
export function memoryPlace(
  options: MemoryMachineOptions & { uid?: number; mode?: number } = {},
): MemoryPlace {
  const files = new Map<string, Uint8Array | string | (() => Response)>();
  const answer = (url: string): Response => {
    const content = files.get(url.slice(SERVER.length));
    if (content === undefined) return new Response("nothing there", { status: 404 });
    return typeof content === "function" ? content() : new Response(content as Uint8Array<ArrayBuffer>);
  };
  const isWindows = options.os === "windows";
  const at = (folder: string, name: string) => isWindows ? `${folder}\\${name}` : `${folder}/${name}`;
  const folder = isWindows ? "C:\\app" : "/opt/app";
  const state = isWindows ? "C:\\Users\\user\\AppData\\Local\\app" : "/home/user/.local/state/app";
  const executable = at(folder, isWindows ? "app.exe" : "app");
  const machine = new MemoryMachine({ fetch: answer, ...options });
  machine.put(executable, appProgram(OLD), { mode: options.mode ?? 0o755 });
  machine.putFolder(at(state, "downloads"));
  const runtime = machine.start({ execPath: executable, ...options });
  const place: MemoryPlace = {
    machine,
    runtime,
    executable,
    beside: (name) => at(folder, name),
    state: (name) => at(state, name),
    source: `${SERVER}version-manifest.json`,
    options: { runtime, app: "app", currentVersion: OLD, allowUnsigned: true },
    serve(name, content) {
      if (content === undefined) files.delete(name);
      else files.set(name, content);
    },
    publish(parts = {}) {
      const made = release({ version: NEW, content: appProgram(parts.version ?? NEW), ...parts });
      files.set(made.name, made.packed);
      files.set("version-manifest.json", made.manifest);
    },
    folder: () => snapshot(machine, folder),
    downloads: () => machine.names(at(state, "downloads")),
    async check() {
      const update = await checkForUpdate(place.source, place.options);
      if (update === undefined) throw new Error("nothing is published");
      return update;
    },
    async staged(parts) {
      place.publish(parts);
      return await downloadVerified(await place.check(), place.options);
    },
  };
  return place;
}

function snapshot(machine: MemoryMachine, folder: string): Record<string, string> {
  const described = machine.names(folder).map((name) => {
    const { node } = locate(machine.disk, `${folder}/${name}`, { followLast: false });
    if (node === undefined) return [name, "gone"];
    const what = node.kind === "file" ? new TextDecoder().decode(node.content.bytes) : node.target;
    const mode = machine.os === "windows" ? "" : ` ${node.mode.toString(8)}`;
    return [name, `${node.kind}${mode} ${what}`];
  });
  return Object.fromEntries(described);
}
