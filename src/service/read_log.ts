/**
 * Reading the service's log: the last lines, and those to come.
 *
 * @module
 */

import { isFileError, type OpenFile, readFile, type Runtime } from "../../machine.ts";
import { logFileIn, olderLogs } from "./log_files.ts";
import { type Level, matters } from "./log_line.ts";

/** No file of the log is larger; more is not read. */
const FILE_BYTES = 16 * 1024 * 1024;
/** How often a growing log is looked at. */
const PAUSE = 250;
const CHUNK = 64 * 1024;

/** How far a log was read. */
export interface LogPosition {
  /** Which file. */
  readonly identity: string | undefined;
  /** How many of its bytes. */
  readonly offset: number;
}

/**
 * The last lines of the log, those in files that were put aside included.
 *
 * @param runtime File system.
 * @param folder Where the log lies.
 * @param options `count`: how many lines; `least`: the least level that is wanted.
 * @returns The lines, oldest first, fewer when there are no more; and how far the log was read.
 * @throws {FileError} When a file cannot be read.
 */
export async function lastLines(
  { fs }: Pick<Runtime, "fs">,
  folder: string,
  { count, least = "debug" }: { count: number; least?: Level },
): Promise<{ lines: string[]; position: LogPosition }> {
  const lines: string[] = [];
  const current = logFileIn(folder);
  const { identity } = await fs.stat(current) ?? {};
  let position: LogPosition = { identity, offset: 0 };
  for (const path of [...await olderLogs(fs, folder), current].reverse()) {
    if (lines.length >= count && path !== current) break;
    const bytes = await readFile(fs, path, FILE_BYTES) ?? new Uint8Array();
    if (path === current) position = { identity, offset: bytes.length };
    const found = new TextDecoder().decode(bytes).split("\n").filter((line) =>
      line !== "" && matters(line, least)
    );
    lines.unshift(...found.slice(Math.max(0, found.length - (count - lines.length))));
  }
  return { lines, position };
}

/**
 * Lines as they are written after {@link lastLines} has read the log, also when the file is put aside and a new one begun.
 *
 * @param runtime File system and clock.
 * @param folder Where the log lies; it may not be there yet.
 * @param options `position`: how far the log was read; `least`: the least level that is wanted; `signal` ends it without
 * an error.
 * @returns The lines.
 */
export async function* followLog(
  runtime: Pick<Runtime, "fs" | "wait">,
  folder: string,
  { position, least = "debug", signal }: { position: LogPosition; least?: Level; signal: AbortSignal },
): AsyncGenerator<string> {
  const path = logFileIn(folder);
  let file = await openIfThere(runtime, path);
  const decoder = new TextDecoder();
  const isSame = file !== undefined && (await file.stat()).identity === position.identity;
  let offset = isSame ? position.offset : 0;
  let rest = "";
  try {
    while (!signal.aborted) {
      // Asked before reading: what is written to a file until it is put aside is read to its end below.
      const isOld = file !== undefined && await wasReplaced(runtime, path, file);
      // Somebody has emptied it, such as logrotate with copytruncate: what is there now is new.
      if (file !== undefined && (await file.stat()).size < offset) [offset, rest] = [0, ""];
      for (let chunk = await readOn(file, offset); chunk.length > 0; chunk = await readOn(file, offset)) {
        offset += chunk.length;
        const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) if (matters(line, least)) yield line;
      }
      if (isOld || file === undefined) {
        file?.close();
        file = await openIfThere(runtime, path);
        offset = 0;
        if (file !== undefined) continue;
      }
      await runtime.wait(PAUSE, signal).catch(() => {});
    }
  } finally {
    file?.close();
  }
}

async function readOn(file: OpenFile | undefined, offset: number): Promise<Uint8Array> {
  const chunk = new Uint8Array(CHUNK);
  return chunk.subarray(0, await file?.readAt(offset, chunk) ?? 0);
}

async function wasReplaced({ fs }: Pick<Runtime, "fs">, path: string, file: OpenFile): Promise<boolean> {
  const [there, open] = [await fs.stat(path), await file.stat()];
  return there === undefined || there.identity !== open.identity;
}

async function openIfThere({ fs }: Pick<Runtime, "fs">, path: string): Promise<OpenFile | undefined> {
  try {
    return await fs.open(path, { access: "read" });
  } catch (error) {
    if (isFileError(error, "absent")) return undefined;
    throw error;
  }
}
