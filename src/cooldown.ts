/**
 * Which servers asked to be left alone, and until when: kept on disk, so that the next process honours it too.
 *
 * @module
 */

import { type DurableRuntime, readFile, writeDurably } from "./durable.ts";
import { PAUSE_LIMIT, STATE_BYTES } from "./limits.ts";
import { inFolder } from "./path.ts";
import type { Runtime } from "./runtime/types.ts";

/** Remembers the pauses servers ask for, by origin, and apart for requests that carry a token: those have limits of their own. */
export interface Cooldown {
  /** Until when nothing may be sent to `origin`, in milliseconds since the epoch; `undefined` when it may. */
  until(origin: string, hasToken: boolean): Promise<number | undefined>;
  /** Remembers that `origin` wants a pause until then. */
  pause(origin: string, hasToken: boolean, until: number): Promise<void>;
}

/** The name of the file in the state folder. */
const FILE_NAME = "cooldown.json";

/**
 * Opens the memory of pauses in a state folder.
 *
 * A damaged file counts as empty, and an entry further ahead than {@link PAUSE_LIMIT} as absent, so that neither a bad
 * write nor a clock that was once wrong ends updates (T35). Not being able to write it down is no reason to fail.
 *
 * @param runtime File system, clock, chance.
 * @param folder The state folder's absolute path; made when something is to be remembered.
 */
export function openCooldown(runtime: DurableRuntime & Pick<Runtime, "now">, folder: string): Cooldown {
  const path = inFolder(folder, FILE_NAME);
  return {
    until: async (origin, hasToken) => (await readPauses(runtime, path)).get(keyFor(origin, hasToken)),
    pause(origin, hasToken, until) {
      const write = () => addPause(runtime, { folder, path }, keyFor(origin, hasToken), until);
      const written = (writing.get(path) ?? Promise.resolve()).then(write);
      writing.set(path, written);
      return written;
    },
  };
}

/** Several sources that ask for a pause at the same moment are written down one after the other, by their file. */
const writing = new Map<string, Promise<void>>();

async function addPause(
  runtime: DurableRuntime & Pick<Runtime, "now">,
  { folder, path }: { readonly folder: string; readonly path: string },
  key: string,
  until: number,
): Promise<void> {
  const pauses = (await readPauses(runtime, path)).set(key, until);
  const bytes = new TextEncoder().encode(JSON.stringify(Object.fromEntries(pauses)));
  try {
    await runtime.fs.makeDirectory(folder, 0o700);
    await writeDurably(runtime, path, bytes, { mode: 0o600 });
  } catch {
    // A read-only state folder: this process still honours the pause by its error.
  }
}

/** Of the token itself nothing is written down (T16). */
function keyFor(origin: string, hasToken: boolean): string {
  return hasToken ? `${origin} with a token` : origin;
}

async function readPauses(
  { fs, now }: Pick<Runtime, "fs" | "now">,
  path: string,
): Promise<Map<string, number>> {
  const entries = await readEntries(fs, path);
  const limit = now() + PAUSE_LIMIT;
  return new Map(entries.filter((entry): entry is [string, number] => {
    const until = entry[1];
    return typeof until === "number" && until > now() && until <= limit;
  }));
}

async function readEntries(fs: Runtime["fs"], path: string): Promise<[string, unknown][]> {
  try {
    const bytes = await readFile(fs, path, STATE_BYTES);
    if (bytes === undefined || bytes.length > STATE_BYTES) return [];
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
  } catch {
    return [];
  }
}
