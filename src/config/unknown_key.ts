/**
 * A name that no setting has, and the one that was probably meant.
 *
 * @module
 */

import { ConfigError } from "./config_error.ts";
import { nearest } from "./nearest.ts";
import { RECORDED_KEYS, SETTING_KEYS } from "./settings.ts";

/**
 * The error for a name that no setting has, with the nearest one that there is.
 *
 * @param key The unknown name.
 * @param where The file it is in, where that is not the user's own.
 * @returns The error, to be thrown.
 */
export function unknownKey(key: string, where?: string): ConfigError {
  const keys = [...SETTING_KEYS, ...RECORDED_KEYS];
  // The table is easily forgotten.
  const near = keys.find((known) => known.endsWith(`.${key.toLowerCase()}`)) ?? nearest(key, keys);
  const hint = near === undefined
    ? "Run 'cco config show --effective' to see all keys"
    : `Did you mean ${near}?`;
  return new ConfigError(
    "UNKNOWN_KEY",
    `Unknown configuration key: ${key}${where === undefined ? "" : ` in ${where}`}. ${hint}`,
  );
}
