/** What is going on when the power is cut: an update, a rollback, on Linux or Windows. */

import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { atomicReplace } from "../../../src/atomic_replace.ts";
import type { Update } from "../../../src/check_for_update.ts";
import { downloadVerified } from "../../../src/download_verified.ts";
import { isUpdateError } from "../../../src/errors.ts";
import { rollback } from "../../../src/rollback.ts";
import type { Runtime } from "../../../src/runtime/types.ts";
import { type Places, placesOn, program, type System } from "./places.ts";

/** A situation and what is done in it. */
export interface Scenario {
  readonly name: string;
  readonly os: System;
  /** The installed version, and the one that is kept as its backup. */
  readonly live: string;
  readonly backup: string | undefined;
  /** What is done. */
  readonly act: (runtime: Runtime) => Promise<void>;
  /** Which version may be under `app.backup` for each version that may be live after recovery. */
  readonly outcomes: Readonly<Record<string, string | undefined>>;
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
  const update = (name: string) => (runtime: Runtime) => updateTo(name, places, runtime);
  const base = { os, live: "1.0.0", backup: "0.9.0" };
  const updated = { outcomes: { "1.0.0": "0.9.0", "2.0.0": "1.0.0" }, promised: "2.0.0" };
  const unchanged = { outcomes: { "1.0.0": "0.9.0" }, promised: "1.0.0" };
  return [
    {
      ...base,
      ...updated,
      name: "a first update",
      backup: undefined,
      outcomes: { "1.0.0": undefined, "2.0.0": "1.0.0" },
      act: update("good"),
    },
    { ...base, ...updated, name: "a second update", act: update("good") },
    { ...base, ...updated, name: "an update from an archive", act: update("packed") },
    {
      ...base,
      ...unchanged,
      name: "an update to a version that fails once it is live",
      act: update("failsWhenLive"),
    },
    { ...base, ...unchanged, name: "an update to a version that fails its first probe", act: update("lies") },
    {
      ...base,
      name: "a rollback",
      outcomes: { "1.0.0": "0.9.0", "0.9.0": undefined },
      promised: "0.9.0",
      act: async (runtime) => {
        await rollback({ runtime, executable: places.executable, stateDirectory: places.state });
      },
    },
  ];
}

/** Answers downloads. */
export function serve(url: string): Response {
  const release = RELEASES[url.slice(url.lastIndexOf("/") + 1)];
  return release === undefined ? new Response(null, { status: 404 }) : new Response(fileOf(release));
}

async function updateTo(name: string, places: Places, runtime: Runtime): Promise<void> {
  const shared = { runtime, stateDirectory: places.state };
  const options = { ...shared, executable: places.executable, allowUnsigned: true };
  try {
    await atomicReplace(await downloadVerified(updateOf(name), options), shared);
  } catch (error) {
    if (!isUpdateError(error) || error.code !== "PROBE_FAILED") throw error;
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
  };
}

function fileOf({ format, content }: TestRelease): Uint8Array<ArrayBuffer> {
  return format === "gz" ? new Uint8Array(gzipSync(content)) : content;
}
