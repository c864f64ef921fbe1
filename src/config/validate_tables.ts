/**
 * What is wrong with the tables of a configuration file, beyond values that cannot be used.
 *
 * @module
 */

import { ConfigError } from "./config_error.ts";
import type { ConfigFile } from "./config_file.ts";
import { POLICY_FILE } from "./file_role.ts";
import { nearest } from "./nearest.ts";
import { checkRange, isSettingKey, SETTING_KEYS, SETTING_TABLES, settingOf } from "./settings.ts";
import { isTable, notATable, own, type TomlTable } from "./toml.ts";
import { unknownKey } from "./unknown_key.ts";

/** Tables that somebody may believe to have an effect: whom to trust is decided by the build alone (T29). */
const TRUST_TABLES: readonly string[] = ["trust", "keys", "root"];

/**
 * Looks for keys that no setting has. They are kept and have no effect: a newer `cco` may know them, and going back to
 * an older one must not break on them.
 *
 * @param tables The root table of the file.
 * @param file The file.
 * @returns One error for each unknown key of the tables that belong to `cco`, and for each name beside them that was
 * meant to be one; in a policy, which is for `cco` alone, for every other name.
 */
export function unknownKeys(tables: TomlTable, file: ConfigFile | undefined): ConfigError[] {
  const isPolicy = file?.role === POLICY_FILE;
  const where = isPolicy ? file.path : undefined;
  return Object.entries(tables).flatMap(([table, entries]) => {
    if (TRUST_TABLES.includes(table)) return [noTrustHere(table)];
    if (!SETTING_TABLES.includes(table)) return unknownTable(table, entries, where);
    if (!isTable(entries)) return [notATable(table, file?.path)];
    return Object.keys(entries).filter((name) => !isSettingKey(`${table}.${name}`)).map((name) =>
      unknownKey(`${table}.${name}`, where)
    );
  });
}

/** `[updatess]`, or `channel` above the first table. Other names in the user's file may be somebody else's. */
function unknownTable(name: string, entries: unknown, where: string | undefined): ConfigError[] {
  if (!isTable(entries)) {
    const isMeant = SETTING_KEYS.some((key) => key.endsWith(`.${name.toLowerCase()}`));
    return isMeant || where !== undefined ? [unknownKey(name, where)] : [];
  }
  const near = where === undefined
    ? SETTING_TABLES.find((table) => isSlip(name.toLowerCase(), table))
    : nearest(name, SETTING_TABLES);
  if (near === undefined && where === undefined) return [];
  const place = where === undefined ? "" : ` in ${where}`;
  const hint = near === undefined ? `There are ${SETTING_TABLES.join(", ")}` : `Did you mean [${near}]?`;
  return [new ConfigError("UNKNOWN_KEY", `Unknown configuration table: [${name}]${place}. ${hint}`)];
}

/** One letter dropped, doubled or replaced, or two swapped. `[server]` is somebody else's and not `[service]`. */
function isSlip(name: string, table: string): boolean {
  const most = Math.min(name.length, table.length);
  let start = 0;
  while (start < most && name[start] === table[start]) start++;
  let end = 0;
  while (end < most - start && name.at(-1 - end) === table.at(-1 - end)) end++;
  const [a, b] = [name, table].map((text) => text.slice(start, text.length - end)) as [string, string];
  return Math.max(a.length, b.length) <= 1 || (a.length === 2 && a[0] === b[1] && a[1] === b[0]);
}

/**
 * Looks for values that cannot be used.
 *
 * @param tables The root table of the file.
 * @returns One error for each.
 */
export async function invalidValues(tables: TomlTable): Promise<ConfigError[]> {
  const problems: ConfigError[] = [];
  for (const key of SETTING_KEYS) {
    const [table, name] = key.split(".") as [string, string];
    const entries = own(tables, table);
    const value = isTable(entries) ? own(entries, name) : undefined;
    if (value === undefined) continue;
    try {
      await checkRange(key, settingOf(key).kind.accept(value));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(error);
    }
  }
  return problems;
}

function noTrustHere(table: string): ConfigError {
  return new ConfigError(
    "UNKNOWN_KEY",
    `Unknown configuration key: ${table}. Whom to trust is built into cco; no configuration can add to it`,
  );
}
