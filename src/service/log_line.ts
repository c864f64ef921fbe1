/**
 * A line of the log, as administrators' scripts read it: `2025-11-17T14:32:15Z [INFO] Starting update check`.
 *
 * @module
 */

import { safeLine } from "../../machine.ts";

/** How much a line matters, least first. */
export const LEVELS = ["debug", "info", "warn", "error"] as const;

/** How much a line matters. */
export type Level = typeof LEVELS[number];

const FORM = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \[([A-Z]+)\] /;

/**
 * Writes a line. Whatever the text holds, it stays one line and cannot steer a terminal (T30, T31).
 *
 * @param time Milliseconds since the epoch.
 * @param level How much it matters.
 * @param text What happened.
 * @returns The line, without its end.
 */
export function logLine(time: number, level: Level, text: string): string {
  const stamp = new Date(time).toISOString().replace(/\.\d+Z$/, "Z");
  return `${stamp} [${level.toUpperCase()}] ${safeLine(text)}`;
}

/**
 * Tells whether a line of the log matters enough.
 *
 * @param line The line; one that is not of the log's form always does.
 * @param least The least level that is wanted.
 * @returns Whether it does.
 */
export function matters(line: string, least: Level): boolean {
  const name = FORM.exec(line)?.[1]?.toLowerCase();
  const level = LEVELS.findIndex((known) => known === name);
  return level < 0 || level >= LEVELS.indexOf(least);
}
