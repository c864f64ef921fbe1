/**
 * `cco daemon logs`: what the service has written, and with `--follow` what it writes.
 *
 * @module
 */

import { type Level, LEVELS } from "../service/log_line.ts";
import { followLog, lastLines } from "../service/read_log.ts";
import { logFolder, stateDirectoryOf } from "./daemon_place.ts";
import { EXIT, Failure } from "./failure.ts";
import type { Invocation } from "./invocation.ts";

const COUNT = 50;
const MOST = 1_000_000;

/**
 * Shows the last lines of the log, also when the service does not run.
 *
 * @param invocation The run.
 * @returns The exit code.
 * @throws {Failure} Exit code 2 for a number or a level that is none.
 */
export async function daemonLogs(invocation: Invocation): Promise<number> {
  const { output, world: { runtime, terminal } } = invocation;
  if (invocation.has("audit")) return await showTrail(invocation);
  const folder = logFolder(await stateDirectoryOf(invocation));
  const least = levelOf(invocation.flag("level"));
  const count = countOf(invocation.flag("lines"));
  const isFollowing = invocation.has("follow");
  if (isFollowing && output.options.json) {
    throw usage("Cannot combine --follow and --json: one document has an end");
  }
  // Before the first line: whoever sees it may press Ctrl-C.
  const signal = isFollowing ? terminal.signal : undefined;
  const { lines, position } = await lastLines(runtime, folder, { count, least });
  for (const line of lines) output.line(line);
  output.document({ lines });
  if (signal === undefined) return EXIT.ok;
  for await (const line of followLog(runtime, folder, { position, least, signal })) {
    output.line(line);
    // Nobody reads what cannot be written: there is no reason to go on until Ctrl-C.
    if (output.unwritten !== undefined) break;
  }
  return EXIT.ok;
}

/** Attempts to change the version, by whomever: another file than the service's log. */
async function showTrail(invocation: Invocation): Promise<number> {
  if (invocation.has("follow")) throw usage("Cannot combine --follow and --audit");
  const count = countOf(invocation.flag("lines"));
  const { attemptLine, attemptsOf } = await import("./audit_lines.ts");
  const all = await attemptsOf(invocation);
  const lines = all.slice(Math.max(0, all.length - count)).map(attemptLine);
  for (const line of lines) invocation.output.line(line);
  invocation.output.document({ lines });
  return EXIT.ok;
}

function levelOf(text: string | undefined): Level {
  if (text === undefined) return "debug";
  const level = LEVELS.find((known) => known === text.toLowerCase());
  if (level === undefined) throw usage(`Invalid level: ${text}. Use: ${LEVELS.join(", ")}`);
  return level;
}

function countOf(text: string | undefined): number {
  const count = text === undefined ? COUNT : /^\d{1,7}$/.test(text) ? Number(text) : NaN;
  if (count <= MOST) return count;
  throw usage(`Invalid number of lines: ${text}. Use a number from 0 to ${MOST}`);
}

function usage(message: string): Failure {
  return new Failure(message, { exitCode: EXIT.usage, code: "USAGE" });
}
