/**
 * Every setting of `cco`, as one table: it drives reading, checking, messages, help, completion and the JSON Schema.
 *
 * @module
 */

import { ConfigError } from "./config_error.ts";
import {
  ADDRESS,
  BOOLEAN,
  CHANNEL,
  DURATION,
  HOST,
  INTERVAL,
  type Kind,
  PATH,
  PROXY,
  RANGE,
  type SettingValue,
  SOURCES,
  wholeNumber,
  WINDOW,
  withoutSecrets,
} from "./kinds.ts";

/** The type of each setting; `undefined` where there is none unless somebody sets it. */
export interface SettingValues {
  /** Background checks at all. */
  "updates.enabled": boolean;
  /** Install without asking, in the background. */
  "updates.auto_install": boolean;
  /** How often to check: `hourly`, `daily`, `weekly`, `never`, or a length of time. */
  "updates.check_interval": string;
  /** Which channel of releases. */
  "updates.channel": string;
  /** One line on the terminal when a newer version is known. */
  "updates.notify_on_update": boolean;
  /** Insist on signatures; `false` only where the build allows unsigned releases. */
  "updates.verify_signatures": boolean;
  /** Manifest addresses and mirrors, tried in order. */
  "updates.sources": readonly string[];
  /** Do not take a release younger than this. */
  "updates.minimum_age": string;
  /** Automatic installs only inside this maintenance window. */
  "updates.window": string | undefined;
  /** A version range that automatic updates stay within. */
  "updates.pin": string | undefined;
  /** How many previous versions are kept. */
  "updates.keep_backups": number;
  /** A file with certificates to trust besides the system's. */
  "updates.ca_file": string | undefined;
  /** The proxy to use. */
  "updates.proxy": string | undefined;
  /** The service's port. */
  "service.port": number;
  /** The address that the service listens on. */
  "service.host": string;
  /** How long a new version must stay healthy before the old one is let go. */
  "service.probation": string;
  /** One anonymous request per result to {@link SettingValues."telemetry.address"}. */
  "telemetry.enabled": boolean;
  /** Where results are sent; nowhere when there is none. */
  "telemetry.address": string | undefined;
}

/** The name of a setting. */
export type SettingKey = keyof SettingValues;

/** One setting. */
export interface Setting<K extends SettingKey = SettingKey> {
  /** Its name. */
  readonly key: K;
  /** How its values are read. */
  readonly kind: Kind<NonNullable<SettingValues[K]>>;
  /** Its value where nobody sets one. */
  readonly default: SettingValues[K];
  /** What it does, in a few words. */
  readonly summary: string;
}

type SettingTable = { readonly [K in SettingKey]: Omit<Setting<K>, "key"> };

const TABLE: SettingTable = {
  "updates.enabled": { kind: BOOLEAN, default: true, summary: "background checks at all" },
  "updates.auto_install": {
    kind: BOOLEAN,
    default: false,
    summary: "install without asking, in the background",
  },
  "updates.check_interval": { kind: INTERVAL, default: "daily", summary: "how often to check" },
  "updates.channel": { kind: CHANNEL, default: "stable", summary: "which releases to follow" },
  "updates.notify_on_update": {
    kind: BOOLEAN,
    default: true,
    summary: "one line on the terminal when a newer version is known",
  },
  "updates.verify_signatures": {
    kind: BOOLEAN,
    default: true,
    summary: "insist on signatures; false only where the build allows it",
  },
  // The build names its own; an empty list stands for them here.
  "updates.sources": { kind: SOURCES, default: [], summary: "manifest addresses, tried in order" },
  "updates.minimum_age": { kind: DURATION, default: "0", summary: "do not take a release younger than this" },
  "updates.window": {
    kind: WINDOW,
    default: undefined,
    summary: "automatic installs only inside this window",
  },
  "updates.pin": {
    kind: RANGE,
    default: undefined,
    summary: "version range that automatic updates stay within",
  },
  "updates.keep_backups": {
    kind: wholeNumber("number of backups", 1, 10),
    default: 1,
    summary: "previous versions kept",
  },
  "updates.ca_file": {
    kind: PATH,
    default: undefined,
    summary: "certificates to trust besides the system's",
  },
  "updates.proxy": { kind: PROXY, default: undefined, summary: "proxy to use" },
  "service.port": { kind: wholeNumber("port", 1, 65535), default: 3000, summary: "port of the service" },
  "service.host": { kind: HOST, default: "127.0.0.1", summary: "address that the service listens on" },
  "service.probation": {
    kind: DURATION,
    default: "60s",
    summary: "how long a new version must stay healthy",
  },
  "telemetry.enabled": {
    kind: BOOLEAN,
    default: false,
    summary: "send the result of each update, anonymously, to telemetry.address",
  },
  "telemetry.address": { kind: ADDRESS, default: undefined, summary: "where results are sent" },
};

/** The names of all settings, in the order in which they are shown. */
export const SETTING_KEYS: readonly SettingKey[] = Object.keys(TABLE) as SettingKey[];

/** What `cco` records by itself: it can be read like a setting and not be set. */
export const RECORDED_KEYS: readonly string[] = ["updates.last_check", "updates.last_update"];

/** The tables of the file that belong to `cco`; others are left alone. */
export const SETTING_TABLES: readonly string[] = [...new Set(SETTING_KEYS.map((key) => key.split(".")[0]!))];

/**
 * Looks up a setting.
 *
 * @param key Its name.
 * @returns The setting.
 */
export function settingOf<K extends SettingKey>(key: K): Setting<K> {
  return { key, ...TABLE[key] } as Setting<K>;
}

/**
 * Tells whether a text names a setting. `__proto__` and the like do not (T29).
 *
 * @param key Anything.
 * @returns Whether it does.
 */
export function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(TABLE, key);
}

/**
 * Checks what only a library can check: the grammar of a version range. It is loaded for that key alone.
 *
 * @param key The setting.
 * @param value A value that its kind has accepted.
 * @throws {ConfigError} When it is a range that cannot be read.
 */
export async function checkRange(key: SettingKey, value: SettingValue): Promise<void> {
  if (key !== "updates.pin") return;
  const { inRange } = await import("../../mod.ts");
  await inRange("1.0.0", String(value)).catch((error: unknown) => {
    const hint = "Use a form such as ~2025.11 or >=2025.9 <2026";
    throw new ConfigError("INVALID_VALUE", `Invalid version range: ${value}. ${hint}`, { cause: error });
  });
}

/**
 * The value as it may be shown: what is secret in an address is left out (T32).
 *
 * @param value The value, `undefined` for none.
 * @returns The value for people and programs; `null` for none.
 */
export function shownValue(value: SettingValue | undefined): SettingValue | null {
  if (typeof value === "string") return withoutSecrets(value);
  return typeof value === "object" ? value.map(withoutSecrets) : value ?? null;
}

/**
 * The value as text: what `config get` prints.
 *
 * @param value The value, `undefined` for none.
 * @returns The text without spaces between the entries of a list; `none` for none.
 */
export function displayValue(value: SettingValue | undefined): string {
  const shown = shownValue(value) ?? "none";
  return typeof shown === "object" ? shown.join(",") : String(shown);
}
