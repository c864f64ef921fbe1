/**
 * Maintenance windows: when automatic installs may happen, such as `Tue 02:00-04:00 UTC`.
 *
 * @module
 */

const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const FORM = /^(?:([a-z,-]+) )?([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d) utc$/;
const DAY_MINUTES = 24 * 60;

/** A weekly span of time, in UTC. */
export interface MaintenanceWindow {
  /** The days on which it starts, 0 for Sunday. */
  readonly days: readonly number[];
  /** Minute of the day at which it starts. */
  readonly start: number;
  /** Minute of the day before which it ends; at or before `start`, it ends on the next day. */
  readonly end: number;
}

/**
 * Reads a window: optional days (`Tue`, `Mon,Wed`, `Mon-Fri`), a span `HH:MM-HH:MM`, and `UTC`.
 *
 * @param text Such as `Tue 02:00-04:00 UTC`; upper and lower case are the same.
 * @returns The window, or `undefined` when the text is something else.
 */
export function parseWindow(text: string): MaintenanceWindow | undefined {
  const match = FORM.exec(text.trim().toLowerCase().replace(/\s+/g, " "));
  if (match === null) return undefined;
  const [, days, fromHour, fromMinute, toHour, toMinute] = match;
  const list = days === undefined ? DAYS.map((_, day) => day) : parseDays(days);
  if (list === undefined) return undefined;
  return {
    days: list,
    start: Number(fromHour) * 60 + Number(fromMinute),
    end: Number(toHour) * 60 + Number(toMinute),
  };
}

/**
 * Tells whether a moment lies inside a window.
 *
 * @param window The window.
 * @param time Milliseconds since the epoch.
 * @returns Whether it does; the start counts as inside, the end does not.
 */
export function windowContains(window: MaintenanceWindow, time: number): boolean {
  const date = new Date(time);
  const minute = date.getUTCHours() * 60 + date.getUTCMinutes();
  const today = date.getUTCDay();
  const length = (window.end - window.start + DAY_MINUTES) % DAY_MINUTES || DAY_MINUTES;
  return window.days.some((day) => {
    const since = ((today - day + 7) % 7) * DAY_MINUTES + minute - window.start;
    return (since >= 0 && since < length) ||
      (since + 7 * DAY_MINUTES >= 0 && since + 7 * DAY_MINUTES < length);
  });
}

function parseDays(text: string): number[] | undefined {
  const days = new Set<number>();
  for (const part of text.split(",")) {
    const [first, last, ...more] = part.split("-").map((name) => DAYS.indexOf(name));
    if (first === undefined || first < 0 || (last !== undefined && last < 0) || more.length > 0) {
      return undefined;
    }
    for (let day = first;; day = (day + 1) % 7) {
      days.add(day);
      if (day === (last ?? first)) break;
    }
  }
  return [...days];
}
