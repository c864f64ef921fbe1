/** What is going on when the power is cut: an update, a rollback, on Linux or Windows. */

import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { atomicReplace } from "../../../src/atomic_replace.ts";
import type { Update } from "../../../src/check_for_update.ts";
import { downloadVerified } from "../../../src/download_verified.ts";
import { isUpdateError } from "../../../src/errors.ts";
import { FAILED_STARTS } from "../../../src/probation.ts";
import { recover } from "../../../src/recover.ts";
import { rollback } from "../../../src/rollback.ts";
import type { MemoryRuntime } from "../../../src/runtime/memory.ts";
import type { Runtime } from "../../../src/runtime/types.ts";
import { type Places, placesOn, program, type System } from "./places.ts";

/** A situation and what is done in it. */
export interface Scenario {
  readonly name: string;
  readonly os: System;
  /** The installed version, and the one that is kept as its backup. */
  readonly live: string;
  readonly backup: string | undefined;
  /** Older ones that are kept too, newest first. */
  readonly older?: readonly string[];
  /** What is done. */
  readonly act: (runtime: Runtime) => Promise<void>;
  /** Which backups may be there for each version that may be live after recovery: newest first, blanks between. */
  readonly outcomes: Readonly<Record<string, readonly string[]>>;
  /** A version that may be live before recovery, but not after it: a whole executable that fails its probe. */
  readonly transient?: string;
  /** The version that is on probation once it is committed. */
  readonly watched?: string;
  /** The version that is remembered as failed once `act` has been reported as done. */
  readonly refused?: string;
  /** A file that cannot be put in its place. */
  readonly refusesRename?: boolean;
  /** Whether the file system has hard links. */
  readonly hasLinks?: boolean;
  /** The version that is live once `act` has been reported as done, whatever happens then. */
  readonly promised: string;
}

interface TestRelease {
  readonly version: string;
  readonly format: "raw" | "gz";
  readonly content: Uint8Array<ArrayBuffer>;
}

const RELEASES: Readonly<Record<string, TestRelease>> = {
  good: { version: "2.0.0", format: "raw", content: program("2.0.0") },
  packed: { version: "2.0.0", format: "gz", content: program("2.0.0") },
  failsWhenLive: { version: "3.0.0", format: "raw", content: program("3.0.0", true) },
  lies: { version: "4.0.0", format: "raw", content: program("0.0.1") },
};

/** All scenarios of a system. */
export function scenariosOn(os: System): Scenario[] {
  const places = placesOn(os);
  const update = (name: string, keepBackups = 1) => (runtime: Runtime) =>
    updateTo(name, places, runtime, keepBackups);
  const base = { os, live: "1.0.0", backup: "0.9.0" };
  const updated = {
    outcomes: { "1.0.0": ["0.9.0"], "2.0.0": ["1.0.0"] },
    promised: "2.0.0",
    watched: "2.0.0",
  };
  const unchanged = { outcomes: { "1.0.0": ["0.9.0"] }, promised: "1.0.0" };
  return [
    {
      ...base,
      ...updated,
      name: "a first update",
      backup: undefined,
      outcomes: { "1.0.0": [""], "2.0.0": ["1.0.0"] },
      act: update("good"),
    },
    { ...base, ...updated, name: "a second update", act: update("good") },
    { ...base, ...updated, name: "an update from an archive", act: update("packed") },
    { ...base, ...updated, name: "an update without hard links", act: update("good"), hasLinks: false },
    {
      ...base,
      ...unchanged,
      name: "an update to a version that fails once it is live",
      transient: "3.0.0",
      refused: "3.0.0",
      act: update("failsWhenLive"),
    },
    {
      ...base,
      ...unchanged,
      name: "an update to a version that fails its first probe",
      refused: "4.0.0",
      act: update("lies"),
    },
    {
      ...base,
      ...unchanged,
      name: "an update whose file cannot be put in its place",
      refusesRename: true,
      act: update("good"),
    },
    {
      ...base,
      name: "a first update whose file cannot be put in its place",
      backup: undefined,
      outcomes: { "1.0.0": [""] },
      promised: "1.0.0",
      refusesRename: true,
      act: update("good"),
    },
    {
      ...base,
      name: "an update that is taken back after three failed starts",
      outcomes: { "1.0.0": ["0.9.0", ""], "2.0.0": ["1.0.0"] },
      promised: "1.0.0",
      act: async (runtime) => {
        await update("good")(runtime);
        for (let start = 0; start < FAILED_STARTS; start++) await startAndFail(runtime, places);
        await recover({ ...optionsAt(places, runtime), isStart: true });
      },
    },
    {
      ...base,
      name: "a rollback",
      outcomes: { "1.0.0": ["0.9.0"], "0.9.0": [""] },
      promised: "0.9.0",
      act: async (runtime) => {
        await rollback(optionsAt(places, runtime));
      },
    },
    ...scenariosWithMany(os, places, update),
  ];
}

/** More than one previous version is kept. */
function scenariosWithMany(
  os: System,
  places: Places,
  update: (name: string, keepBackups: number) => Scenario["act"],
): Scenario[] {
  const base = { os, live: "1.0.0", backup: "0.9.0", older: ["0.8.0"] };
  return [
    {
      ...base,
      name: "an update that keeps three versions",
      outcomes: { "1.0.0": ["0.9.0 0.8.0"], "2.0.0": ["1.0.0 0.9.0 0.8.0"] },
      promised: "2.0.0",
      watched: "2.0.0",
      act: update("good", 3),
    },
    {
      ...base,
      name: "an update that keeps fewer versions than there are",
      older: ["0.8.0", "0.7.0"],
      // What is to go may be gone already when the update is taken up again, but only once the new version is live.
      outcomes: { "1.0.0": ["0.9.0 0.8.0 0.7.0"], "2.0.0": ["1.0.0 0.9.0"] },
      promised: "2.0.0",
      watched: "2.0.0",
      act: update("good", 2),
    },
    {
      ...base,
      name: "an update that keeps three versions, to one that fails once it is live",
      outcomes: { "1.0.0": ["0.9.0 0.8.0"] },
      promised: "1.0.0",
      transient: "3.0.0",
      refused: "3.0.0",
      act: update("failsWhenLive", 3),
    },
    {
      ...base,
      name: "an update that keeps two versions and is taken back after three failed starts",
      outcomes: { "1.0.0": ["0.9.0 0.8.0", "0.9.0"], "2.0.0": ["1.0.0 0.9.0"] },
      promised: "1.0.0",
      act: async (runtime) => {
        await update("good", 2)(runtime);
        for (let start = 0; start < FAILED_STARTS; start++) await startAndFail(runtime, places);
        await recover({ ...optionsAt(places, runtime), isStart: true });
      },
    },
    {
      ...base,
      name: "a rollback that leaves an older version",
      outcomes: { "1.0.0": ["0.9.0 0.8.0"], "0.9.0": ["0.8.0"] },
      promised: "0.9.0",
      act: async (runtime) => {
        await rollback(optionsAt(places, runtime));
      },
    },
    {
      ...base,
      name: "a rollback by several versions",
      older: ["0.8.0", "0.7.0", "0.6.0"],
      outcomes: {
        "1.0.0": ["0.9.0 0.8.0 0.7.0 0.6.0", "0.9.0 0.7.0 0.6.0", "0.7.0 0.6.0"],
        "0.7.0": ["0.6.0"],
      },
      promised: "0.7.0",
      act: async (runtime) => {
        await rollback({ ...optionsAt(places, runtime), to: "0.7.0" });
      },
    },
  ];
}

/** A start of the program that ends without a sign of health. */
async function startAndFail(runtime: Runtime, places: Places): Promise<void> {
  const { machine } = runtime as MemoryRuntime;
  const start = machine.start({ pid: machine.processes.startedCount + 1000, execPath: places.executable });
  await recover({ ...optionsAt(places, start), isStart: true });
  start.kill();
}

function optionsAt({ executable, state }: Places, runtime: Runtime) {
  return { runtime, executable, stateDirectory: state };
}

/** Answers downloads. */
export function serve(url: string): Response {
  const release = RELEASES[url.slice(url.lastIndexOf("/") + 1)];
  return release === undefined ? new Response(null, { status: 404 }) : new Response(fileOf(release));
}

async function updateTo(
  name: string,
  places: Places,
  runtime: Runtime,
  keepBackups: number,
): Promise<void> {
  const options = { ...optionsAt(places, runtime), allowUnsigned: true, keepBackups };
  try {
    await atomicReplace(await downloadVerified(updateOf(name), options), options);
  } catch (error) {
    if (!isUpdateError(error) || !["PROBE_FAILED", "REPLACE_FAILED"].includes(error.code)) throw error;
  }
}

function updateOf(name: string): Update {
  const release = RELEASES[name]!;
  const file = fileOf(release);
  const { version, format } = release;
  const sha256 = createHash("sha256").update(file).digest("hex");
  const asset = {
    urls: [`https://memory.test/${name}`],
    sha256,
    size: file.length,
    format,
    binary: undefined,
  };
  const facts = { version, released: undefined, assets: {} };
  return {
    ...facts,
    asset,
    app: "app",
    from: "1.0.0",
    latest: version,
    channel: "stable",
    target: "linux-x86_64",
    reason: "newer",
    release: facts as unknown as Update["release"],
    notes: undefined,
    notesUrl: undefined,
    critical: false,
    trust: { signed: false, keyIds: [] },
    source: "https://memory.test/manifest.json",
    expires: undefined,
  };
}

function fileOf({ format, content }: TestRelease): Uint8Array<ArrayBuffer> {
  return format === "gz" ? new Uint8Array(gzipSync(content)) : content;
}
