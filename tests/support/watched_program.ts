/**
 * A program in memory that checks in the background, and a server that counts its requests.
 *
 * @module
 */

import {
  type BackgroundCheckEvent,
  type BackgroundCheckOptions,
  startBackgroundChecks,
} from "../../src/background.ts";
import type { MemoryRuntime } from "../../src/runtime/memory.ts";
import { type MemoryPlace, memoryPlace, NEW, OLD } from "./memory_place.ts";

/** A minute, in milliseconds. */
export const MINUTE = 60_000;
/** An hour, in milliseconds. */
export const HOUR = 60 * MINUTE;
/** A day, in milliseconds. */
export const DAY = 24 * HOUR;

/** The program, its server and its clock. */
export interface WatchedProgram {
  readonly place: MemoryPlace;
  /** When the server was asked, in milliseconds from the start. */
  readonly requests: readonly number[];
  /** What the checks have reported. */
  readonly events: readonly BackgroundCheckEvent[];
  /** The versions that the program was called back with. */
  readonly updates: readonly string[];
  /** Starts the checks; returns how to stop them. */
  readonly run: (more?: Partial<BackgroundCheckOptions>, base?: MemoryRuntime) => () => void;
  readonly start: number;
  /** Has the server answer with this manifest. */
  readonly publish: (text: string) => void;
  /** Puts the clock on the wall forward or back; timers do not notice. */
  readonly jump: (milliseconds: number) => void;
  /** Lets time pass. */
  readonly pass: (milliseconds: number) => Promise<void>;
}

/** A program on a machine whose server answers as `answer` says; times of requests are counted from its start. */
export function watched(
  options: Partial<BackgroundCheckOptions> = {},
  answer: () => Response | undefined = () => undefined,
): WatchedProgram {
  const requests: number[] = [];
  const manifest = JSON.stringify({ latest: { stable: OLD }, versions: { [OLD]: {} } });
  const place = memoryPlace({
    clock: "manual",
    fetch: async () => {
      await Promise.resolve();
      requests.push(place.runtime.now() - start);
      return answer() ?? new Response(published ?? manifest);
    },
  });
  let published: string | undefined;
  let offset = 0;
  const start = place.runtime.now();
  const events: BackgroundCheckEvent[] = [];
  const updates: string[] = [];
  const run = (more: Partial<BackgroundCheckOptions> = {}, base: MemoryRuntime = place.runtime) => {
    const runtime = { ...base, now: () => base.now() + offset };
    return startBackgroundChecks({
      ...place.options,
      runtime,
      source: place.source,
      onCheck: (event) => void events.push(event),
      ...options,
      ...more,
    }, (update) => void updates.push(update.version));
  };
  return {
    place,
    requests,
    events,
    updates,
    run,
    start,
    publish: (text) => published = text,
    jump: (milliseconds) => offset += milliseconds,
    pass: (milliseconds) => place.machine.clock.advance(milliseconds),
  };
}

/** A manifest with the new version. */
export const offer = JSON.stringify({
  latest: { stable: NEW },
  versions: {
    [NEW]: {
      platforms: { "linux-x86_64": { url: "https://releases.example/app.tar.gz", sha256: "0".repeat(64) } },
    },
  },
});
