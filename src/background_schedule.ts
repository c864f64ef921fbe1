/**
 * When the next background check is due: arithmetic only, without clock or chance of its own.
 *
 * @module
 */

import { isUpdateError } from "./errors.ts";
import { CHECK_BACKOFF, PAUSE_LIMIT } from "./limits.ts";

/** What is remembered between checks, also by the next process. */
export interface Schedule {
  /** When the next check is due, in milliseconds since the epoch. */
  readonly next: number;
  /** How many checks in a row have failed. */
  readonly failures: number;
  /** Whether an update was found and waits for the window to open. */
  readonly isWaiting: boolean;
  /** When the last check that worked was made; absent while checks fail, and before the first. */
  readonly checkedAt?: number | undefined;
}

/** What the times depend on. */
export interface Rhythm {
  /** Milliseconds between two checks. */
  readonly interval: number;
  /** A number from 0 to below 1 that decides about the spread. */
  readonly chance: number;
}

/** A fleet that started at the same moment is spread over this part of the interval. */
const SPREAD = 0.1;
/** The longest pause before the very first check of an installation. */
const FIRST_SPREAD = 10 * 60_000;
/** How often the clock on the wall is looked at: timers stand still while a machine sleeps. */
const TICK = 3_600_000;
/** How often the window is looked at while an update waits for it. */
const WINDOW_TICK = 60_000;

/** Nothing is remembered: the first check comes soon, but not at the same moment on every machine. */
export function firstSchedule(now: number, { interval, chance }: Rhythm): Schedule {
  const next = now + chance * Math.min(interval * SPREAD, FIRST_SPREAD);
  return { next, failures: 0, isWaiting: false };
}

/** After a check that worked. */
export function afterSuccess(
  now: number,
  { interval, chance }: Rhythm,
  { isWaiting }: Pick<Schedule, "isWaiting">,
): Schedule {
  return { next: now + interval * (1 + chance * SPREAD), failures: 0, isWaiting, checkedAt: Math.round(now) };
}

/**
 * While the program acts on an update that was found: should it be cut short, by a power cut or because it is stopped, it is
 * not the next regular check that finds the update again. Counted like a failure, so that an update that ends the program
 * each time is not tried without end.
 */
export function whileActing(schedule: Schedule, now: number, rhythm: Rhythm): Schedule {
  return afterFailure({ ...schedule, isWaiting: false }, now, rhythm, undefined);
}

/**
 * What was planned with another interval, as it is with this one: due after this interval since the last check at the
 * latest, and never later than planned.
 */
export function replanned(schedule: Schedule, now: number, interval: number): Schedule {
  const { next, failures, checkedAt } = schedule;
  if (failures > 0 || checkedAt === undefined || checkedAt > now) return schedule;
  return { ...schedule, next: Math.min(next, checkedAt + interval * (1 + SPREAD)) };
}

/** After one that failed: a quarter of an hour, then twice as long each time, at most the interval. */
export function afterFailure(
  { failures, isWaiting }: Schedule,
  now: number,
  { interval, chance }: Rhythm,
  error: unknown,
): Schedule {
  const backoff = Math.min(interval, CHECK_BACKOFF * 2 ** Math.min(failures, 20)) * (1 + chance * SPREAD);
  const asked = isUpdateError(error) && error.code === "RATE_LIMITED" ? error.details.until : 0;
  // The answer to "come back then" must not be that a whole fleet does, at that very moment.
  const next = Math.max(now + backoff, Math.min(asked, now + PAUSE_LIMIT) + chance * CHECK_BACKOFF * SPREAD);
  return { next, failures: failures + 1, isWaiting };
}

/**
 * Whether to check now.
 *
 * A time further ahead than any check is ever planned was written by a clock that was wrong, or with another interval:
 * it counts as due, so that neither ends updates (T35).
 */
export function isDue(
  schedule: Schedule,
  now: number,
  { interval, isOpen }: { interval: number; isOpen: boolean },
): boolean {
  const { next, failures, isWaiting } = schedule;
  if (isWaiting && isOpen && failures === 0) return true;
  const longest = failures > 0 ? Math.max(interval, PAUSE_LIMIT) + CHECK_BACKOFF : interval;
  return next <= now || next > now + longest * (1 + SPREAD);
}

/** How long to wait before looking again. */
export function pauseUntil({ next, isWaiting }: Schedule, now: number): number {
  return Math.max(1, Math.min(next - now, isWaiting ? WINDOW_TICK : TICK));
}
