/**
 * The kinds of values that settings have: how each is read from a word, accepted from TOML, and described.
 *
 * @module
 */

import { ConfigError } from "./config_error.ts";
import { parseDuration } from "./duration.ts";
import { parseWindow } from "./window.ts";

/** The value of a setting; a list is one of texts. */
export type SettingValue = boolean | number | string | readonly string[];

/** How values of one kind are read and described. */
export interface Kind<T extends SettingValue = SettingValue> {
  /** Reads the value from the words of a command line or an environment variable. */
  readonly parse: (text: string) => T;
  /** Accepts a value of a TOML file. */
  readonly accept: (value: unknown) => T;
  /** The JSON Schema of the value in a TOML file. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** Words that completion offers. */
  readonly words: readonly string[];
}

const WORDS_OF_TRUTH: ReadonlyMap<string, boolean> = new Map([
  ...["true", "yes", "on", "1"].map((word) => [word, true] as const),
  ...["false", "no", "off", "0"].map((word) => [word, false] as const),
]);
/** What `parseDuration` takes. */
const BOUND = "; no number above 999999";
const INTERVALS: readonly string[] = ["hourly", "daily", "weekly", "never"];

/** The channels that can be chosen. */
export const CHANNELS: readonly string[] = ["stable", "beta", "nightly"];

/** `true` or `false`; on a command line also `yes`, `no`, `on`, `off`, `1`, `0`. */
export const BOOLEAN: Kind<boolean> = {
  parse(text) {
    const value = WORDS_OF_TRUTH.get(text.toLowerCase());
    if (value === undefined) throw invalid(`Invalid boolean value: ${text}`);
    return value;
  },
  accept(value) {
    if (typeof value !== "boolean") throw invalid(`Invalid boolean value: ${show(value)}`);
    return value;
  },
  schema: { type: "boolean" },
  words: ["true", "false"],
};

/** How often to check: a word, or a length of time of at least a minute. */
export const INTERVAL: Kind<string> = text(
  (value) => INTERVALS.includes(value) || (parseDuration(value) ?? 0) >= 60_000,
  (value) => {
    // Who wrote a word is told the words; who wrote a length of time is told what is wrong with it.
    const lengths = /^\d/.test(value) ? `, or a length of time of at least a minute, such as 6h${BOUND}` : "";
    return `Invalid interval: ${value}. Use: ${INTERVALS.join(", ")}${lengths}`;
  },
  INTERVALS,
);

/** A channel of releases. */
export const CHANNEL: Kind<string> = text(
  (value) => CHANNELS.includes(value),
  (value) => `Invalid channel: ${value}. Use: ${CHANNELS.join(", ")}`,
  CHANNELS,
);

/** A length of time. */
export const DURATION: Kind<string> = text(
  (value) => parseDuration(value) !== undefined,
  (value) => `Invalid duration: ${value}. Use a form such as 90s, 30m, 6h, 7d or 1d12h, or 0${BOUND}`,
  ["0", "6h", "1d", "7d"],
);

/** A weekly maintenance window. */
export const WINDOW: Kind<string> = text(
  (value) => parseWindow(value) !== undefined,
  (value) =>
    `Invalid window: ${value}. Use a form such as 'Tue 02:00-04:00 UTC' or 'Mon-Fri 22:00-05:00 UTC'`,
  [],
);

/** A range of versions. Its grammar is checked by `checkRange` of `settings.ts`, which loads the SemVer library. */
export const RANGE: Kind<string> = text(
  (value) => /^[\w.+\-*~^<>=| ]{1,256}$/.test(value),
  (value) => `Invalid version range: ${value}. Use a form such as ~2025.11 or >=2025.9 <2026`,
  [],
);

/** The absolute path of a file. */
export const PATH: Kind<string> = text(
  (value) => /^(?:\/|[A-Za-z]:[\\/]|\\\\)/.test(value) && !hasControl(value),
  (value) => `Invalid path: ${value}. Use an absolute path`,
  [],
);

/** The address of a proxy. */
export const PROXY: Kind<string> = text(
  (value) => ["http:", "https:", "socks5:"].includes(urlOf(value)?.protocol ?? "") && !hasControl(value),
  () => "Invalid proxy. Use an address such as http://proxy.example.com:8080",
  [],
);

/** Where reports are sent: encrypted, or to this machine (T15). */
export const ADDRESS: Kind<string> = text(
  (value) => value.length <= 2048 && /^https?:/.test(value) && isSource(value),
  (value) => `Invalid address: ${withoutSecrets(value)}. Use https://…`,
  [],
);

/** A host name or an address to listen on. */
export const HOST: Kind<string> = text(
  (value) => /^[A-Za-z0-9]([A-Za-z0-9.-]{0,252})$|^[0-9A-Fa-f:.]{2,45}$/.test(value),
  (value) => `Invalid host: ${value}. Use an address such as 127.0.0.1 or ::1`,
  ["127.0.0.1", "::1"],
);

/** Where manifests come from: one or more addresses, separated by commas or spaces on a command line. */
export const SOURCES: Kind<readonly string[]> = {
  parse: (text) => SOURCES.accept(text.split(/[\s,]+/).filter((part) => part !== "")),
  accept(value) {
    const list = typeof value === "string" ? [value] : value;
    if (!Array.isArray(list) || list.length === 0 || list.length > 16) {
      const what = Array.isArray(list) ? `a list of ${list.length}` : "no list";
      throw invalid(`Invalid sources: ${what}. Use a list of 1 to 16 addresses`);
    }
    return list.map(acceptSource);
  },
  schema: { type: "array", items: { type: "string" }, minItems: 1, maxItems: 16 },
  words: [],
};

/**
 * A whole number.
 *
 * @param what What it is, for messages.
 * @param lowest The smallest allowed.
 * @param highest The largest allowed.
 * @returns The kind.
 */
export function wholeNumber(what: string, lowest: number, highest: number): Kind<number> {
  const accept = (value: unknown): number => {
    if (typeof value === "number" && Number.isInteger(value) && value >= lowest && value <= highest) {
      return value;
    }
    throw invalid(`Invalid ${what}: ${show(value)}. Use a whole number from ${lowest} to ${highest}`);
  };
  return {
    parse: (text) => accept(/^\d{1,9}$/.test(text) ? Number(text) : text),
    accept,
    schema: { type: "integer", minimum: lowest, maximum: highest },
    words: [],
  };
}

function text(
  allowed: (value: string) => boolean,
  message: (value: string) => string,
  words: readonly string[],
): Kind<string> {
  const parse = (value: string): string => {
    if (!allowed(value)) throw invalid(message(value));
    return value;
  };
  return {
    parse,
    accept: (value) => {
      if (typeof value !== "string") throw invalid(message(show(value)));
      return parse(value);
    },
    schema: { type: "string" },
    words,
  };
}

function acceptSource(value: unknown): string {
  if (typeof value === "string" && isSource(value)) return value;
  throw invalid(
    `Invalid source: ${withoutSecrets(show(value))}. Use https://…, file:///… or github:owner/repo`,
  );
}

/** Plain `http:` only to this machine, and no user or password in an address (T15). */
function isSource(value: string): boolean {
  if (hasControl(value)) return false;
  if (/^github:[A-Za-z0-9][\w.-]*\/[\w.-]+(?:#[\w.@/+-]+)?$/.test(value)) return true;
  const url = urlOf(value);
  if (url === undefined || url.username !== "" || url.password !== "") return false;
  if (url.protocol === "http:") return /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(url.hostname);
  return url.protocol === "https:" || (url.protocol === "file:" && url.hostname === "" && namesPath(url));
}

/** Whether the path can be decoded, and into names. */
function namesPath({ pathname }: URL): boolean {
  try {
    return !/%2f|%00/i.test(pathname) && decodeURIComponent(pathname) !== "";
  } catch {
    return false;
  }
}

/**
 * An address as it may be shown (T32): a password and a query, which can be a secret too, are left out. What is no
 * address, but has something in it that may be a password, is one that somebody mistyped.
 *
 * @param text An address, or any other text, which stays as it is.
 */
export function withoutSecrets(text: string): string {
  const user = urlOf(text)?.host
    ? /(?<=:\/\/)[^/?#]*@/g
    : /(?<=:\/\/)[^\s"]*@|(?<![^\s",[])[^\s"/?#:]+:[^\s"/?#]*@/g;
  const shown = text.replaceAll(user, "***@");
  return shown === text && !text.includes("://") ? text : shown.replaceAll(/\?[^#\s"]*/g, "?***");
}

function urlOf(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

function hasControl(text: string): boolean {
  // `\p{Cc}`, spelt out: reading the tables of Unicode takes longer than all the rest of a value.
  // deno-lint-ignore no-control-regex
  return /[\0-\x1f\x7f-\x9f]/.test(text);
}

function invalid(message: string): ConfigError {
  return new ConfigError("INVALID_VALUE", message);
}

function show(value: unknown): string {
  return typeof value === "string"
    ? value
    : JSON.stringify(value, (_, part) => typeof part === "bigint" ? `${part}` : part) ?? "nothing";
}
