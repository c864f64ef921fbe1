/**
 * An installed program in a real temporary folder, and a real release server on loopback.
 *
 * @module
 */

import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { systemRuntime } from "../../src/runtime/default.ts";
import type { Runtime } from "../../src/runtime/types.ts";
import { type FaultServer, startFaultServer } from "../../src/testing/fault_server.ts";
import { NEW, OLD } from "./memory_place.ts";
import { release, type ReleaseFiles, type ReleaseParts } from "./release.ts";

/** The folder and what tests do with it. */
export interface RealPlace {
  /** The folder of the executable. */
  readonly folder: string;
  readonly executable: string;
  readonly stateDirectory: string;
  readonly runtime: Runtime;
  readonly server: FaultServer;
  /** The address of the manifest. */
  readonly source: string;
  /** Options that every step takes here. */
  readonly options: {
    readonly runtime: Runtime;
    readonly app: string;
    readonly currentVersion: string;
    readonly executable: string;
    readonly stateDirectory: string;
    readonly allowUnsigned: true;
    /** An emulated or busy machine takes long to see the end of even the shortest script. */
    readonly probe: { readonly timeout: number };
  };
  /** A path beside the executable. */
  beside(name: string): string;
  /** Publishes a release: a script that prints its version, unless its parts say otherwise. */
  publish(parts?: Partial<ReleaseParts>): ReleaseFiles;
  /** What is in the folder of the executable: kind, mode and content by name. */
  snapshot(): Record<string, string>;
  /** Names in the folder of downloads. */
  downloads(): string[];
}

/** Why the real programs of these tests do not run here; `false` where they do. */
export const NO_SCRIPTS: string | false = process.platform === "win32"
  ? "the programs of these tests are shell scripts, which Windows does not run"
  : false;

/** A shell script that prints `app` and its version. */
export function scriptApp(version: string, before = ""): Uint8Array {
  return new TextEncoder().encode(`#!/bin/sh\n${before}\necho "app ${version}"\n`);
}

/**
 * Makes the place, hands it over, and removes it again. Version {@link OLD} is installed.
 *
 * @param body Uses it.
 * @param options `mode` of the installed executable.
 */
export async function withRealPlace(
  body: (place: RealPlace) => Promise<void>,
  { mode = 0o755 }: { mode?: number } = {},
): Promise<void> {
  const root = fs.mkdtempSync(join(fs.realpathSync(tmpdir()), "place-"));
  const server = await startFaultServer();
  try {
    const folder = join(root, "bin");
    fs.mkdirSync(folder);
    fs.writeFileSync(join(folder, "app"), scriptApp(OLD));
    fs.chmodSync(join(folder, "app"), mode);
    await body(placeIn(root, folder, server));
  } finally {
    await server.close();
    fs.rmSync(root, { recursive: true, force: true });
  }
}

function placeIn(root: string, folder: string, server: FaultServer): RealPlace {
  const runtime = systemRuntime();
  const executable = join(folder, "app");
  const stateDirectory = join(root, "state");
  return {
    folder,
    executable,
    stateDirectory,
    runtime,
    server,
    source: `${server.url}/version-manifest.json`,
    options: {
      runtime,
      app: "app",
      currentVersion: OLD,
      executable,
      stateDirectory,
      allowUnsigned: true,
      probe: { timeout: 300_000 },
    },
    beside: (name) => join(folder, name),
    publish(parts = {}) {
      const made = release({ version: NEW, content: scriptApp(parts.version ?? NEW), ...parts });
      server.serve(`/${made.name}`, made.packed);
      server.serve("/version-manifest.json", made.manifest);
      return made;
    },
    snapshot: () =>
      Object.fromEntries(fs.readdirSync(folder).sort().map((name) => [name, shown(join(folder, name))])),
    downloads: () => {
      const downloads = join(stateDirectory, "downloads");
      return fs.existsSync(downloads) ? fs.readdirSync(downloads).sort() : [];
    },
  };
}

function shown(path: string): string {
  const info = fs.lstatSync(path);
  if (info.isSymbolicLink()) return `link ${fs.readlinkSync(path)}`;
  if (info.isDirectory()) return "folder";
  return `file ${(info.mode & 0o7777).toString(8)} ${fs.readFileSync(path, "utf8")}`;
}
