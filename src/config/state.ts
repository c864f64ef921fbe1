/**
 * What `cco` remembers between runs. It lies apart from the settings, which may be a read-only mount.
 *
 * @module
 */

import { isFileError, type Runtime, writeDurably } from "../../machine.ts";

/** The parts of a runtime that the state needs. */
export type StateRuntime = Pick<Runtime, "fs" | "uid" | "pid" | "random" | "now">;

/** What the last check found. */
export interface Finding {
  /** The newest version of the channel. */
  readonly latest: string;
  /** The channel. */
  readonly channel: string;
  /** The version that was installed then. */
  readonly current: string;
  /** The version that was offered; `undefined` for none. */
  readonly offered: string | undefined;
}

/** What is remembered. Times are milliseconds since the epoch. */
export interface State {
  /** When manifests were last looked at with success. */
  readonly lastCheck: number | undefined;
  /** When a new version was last installed. */
  readonly lastUpdate: number | undefined;
  /** When the person was last told of a newer version. */
  readonly lastNotice: number | undefined;
  /** What the last check found. */
  readonly found: Finding | undefined;
}

/** Nothing is remembered. */
export const EMPTY_STATE: State = {
  lastCheck: undefined,
  lastUpdate: undefined,
  lastNotice: undefined,
  found: undefined,
};

/** A few hundred bytes; a larger file is damaged (T35). */
const STATE_BYTES = 64 * 1024;
/** A clock may have been wrong by this much when something was recorded (T3, T35). */
const CLOCK_SKEW = 24 * 3_600_000;
const FILE_NAME = "state.json";

/**
 * Reads the state. Nothing about it is ever fatal.
 *
 * @param runtime File system, clock, user.
 * @param folder The state folder; `undefined` for an account without one.
 * @returns What is remembered, and why the file is `damaged` if it is: too large, not its format, from the future, or
 * somebody else's (T35).
 */
export async function readState(
  runtime: StateRuntime,
  folder: string | undefined,
): Promise<{ state: State; damaged: string | undefined }> {
  if (folder === undefined) return { state: EMPTY_STATE, damaged: undefined };
  try {
    const text = await readText(runtime, pathIn(folder));
    if (text === undefined) return { state: EMPTY_STATE, damaged: undefined };
    return parseState(text, runtime.now());
  } catch (error) {
    return { state: EMPTY_STATE, damaged: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * Changes the state: reads, merges, writes durably. A damaged file is kept aside as `state.json.damaged`.
 *
 * @param runtime File system, clock, user.
 * @param folder The state folder; made when it is not there.
 * @param changes What to change.
 * @returns `failed` when it could not be written, which must not stop anything; `mended` when a damaged file was put
 * aside.
 */
export async function changeState(
  runtime: StateRuntime,
  folder: string | undefined,
  changes: Partial<State>,
): Promise<"written" | "mended" | "failed"> {
  if (folder === undefined) return "failed";
  try {
    const { state, damaged } = await readState(runtime, folder);
    const path = pathIn(folder);
    if (damaged !== undefined) await runtime.fs.rename(path, `${path}.damaged`);
    const bytes = new TextEncoder().encode(serialise({ ...state, ...changes }));
    // A power cut may take a check or a notice back, but leave no torn file: that would be reported as damaged.
    const mayRevert = changes.lastUpdate === undefined;
    const write = () => writeDurably(runtime, path, bytes, { mode: 0o600, mayRevert });
    await write().catch(async (error: unknown) => {
      if (!isFileError(error, "absent")) throw error;
      // Only the first time there is no folder.
      await runtime.fs.makeDirectory(folder, 0o700);
      await write();
    });
    return damaged === undefined ? "written" : "mended";
  } catch {
    return "failed";
  }
}

function pathIn(folder: string): string {
  return `${folder}${folder.includes("\\") ? "\\" : "/"}${FILE_NAME}`;
}

async function readText({ fs, uid }: StateRuntime, path: string): Promise<string | undefined> {
  const there = await fs.stat(path);
  if (there === undefined) return undefined;
  if (there.kind !== "file") throw new Error("it is not a file");
  const file = await fs.open(path, { access: "read" });
  try {
    const info = await file.stat();
    if (info.size > STATE_BYTES) throw new Error("it is too large");
    if (uid !== undefined && info.uid !== undefined && info.uid !== uid && info.uid !== 0 && uid !== 0) {
      throw new Error(`it belongs to user ${info.uid}`);
    }
    const bytes = new Uint8Array(info.size);
    for (let length = 0; length < bytes.length;) {
      const count = await file.readAt(length, bytes.subarray(length));
      if (count === 0) break;
      length += count;
    }
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } finally {
    file.close();
  }
}

/** What of a damaged file can be used is used. */
function parseState(text: string, now: number): { state: State; damaged: string | undefined } {
  const fields: unknown = JSON.parse(text);
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) {
    throw new Error("it is not an object");
  }
  const read = new Map(Object.entries(fields));
  const wrong: string[] = [];
  const take = <T>(name: string, parse: (value: unknown) => T | undefined): T | undefined => {
    if (!read.has(name)) return undefined;
    const value = parse(read.get(name));
    if (value === undefined) wrong.push(name);
    return value;
  };
  const time = (value: unknown): number | undefined => parseTime(value, now);
  const state = {
    lastCheck: take("last_check", time),
    lastUpdate: take("last_update", time),
    lastNotice: take("last_notice", time),
    found: take("found", parseFinding),
  };
  return { state, damaged: wrong.length > 0 ? `${wrong.join(", ")} cannot be used` : undefined };
}

function parseTime(value: unknown, now: number): number | undefined {
  const time = Date.parse(match(value, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/) ?? "");
  return time >= 0 && time <= now + CLOCK_SKEW ? time : undefined;
}

function parseFinding(value: unknown): Finding | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const read = new Map<string, unknown>(Object.entries(value));
  const latest = match(read.get("latest"), VERSION);
  const current = match(read.get("current"), VERSION);
  const channel = match(read.get("channel"), /^[\w.-]{1,64}$/);
  if (latest === undefined || current === undefined || channel === undefined) return undefined;
  return { latest, current, channel, offered: match(read.get("offered"), VERSION) };
}

const VERSION = /^\d[0-9A-Za-z.+-]{0,255}$/;

function match(value: unknown, form: RegExp): string | undefined {
  return typeof value === "string" && form.test(value) ? value : undefined;
}

function serialise({ lastCheck, lastUpdate, lastNotice, found }: State): string {
  const time = (value: number | undefined): string | undefined =>
    value === undefined ? undefined : new Date(value).toISOString();
  const fields = {
    last_check: time(lastCheck),
    last_update: time(lastUpdate),
    last_notice: time(lastNotice),
    found,
  };
  return JSON.stringify(fields, undefined, 2) + "\n";
}
