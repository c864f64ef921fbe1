/**
 * The settings in force: managed policy over environment over the user's file over defaults.
 *
 * @module
 */

import { ConfigError } from "./config_error.ts";
import { type ConfigFile, type ConfigRuntime, readConfigFile, tablesOf } from "./config_file.ts";
import { namedFile, OWN_FILE, POLICY_FILE } from "./file_role.ts";
import type { SettingValue } from "./kinds.ts";
import { checkRange, SETTING_KEYS, type SettingKey, settingOf, type SettingValues } from "./settings.ts";
import { isTable, notATable, own, type TomlTable } from "./toml.ts";

/** Where a value comes from. */
export interface Origin {
  /** Which layer. */
  readonly layer: "policy" | "environment" | "file" | "default";
  /** The file or the variable; `undefined` for defaults. */
  readonly where: string | undefined;
}

/** What {@link loadSettings} needs to know. */
export interface SettingsFacts {
  /** File system and user. */
  readonly runtime: ConfigRuntime;
  /** An environment variable, `undefined` when it is not set. */
  readonly env: (name: string) => string | undefined;
  /** The administrator's file. */
  readonly policyFile: string;
  /** The user's file; `undefined` for none. */
  readonly configFile: string | undefined;
  /** Whether the user named that file, so that it has to be there. */
  readonly isNamed?: boolean;
  /** Whether it is another file than the one in the usual place, so that it is mended under its name. */
  readonly isElsewhere?: boolean;
  /** Whether the build allows releases without a signature. */
  readonly allowUnsigned: boolean;
  /** The build's own manifest addresses. */
  readonly sources: readonly string[];
}

/** A value that cannot be used. */
export interface Fault {
  /** The setting; the first of them where a whole table is wrong. */
  readonly key: SettingKey;
  /** What is wrong. */
  readonly error: ConfigError;
  /** Where the value comes from. */
  readonly origin: Origin;
}

interface Entry {
  readonly origin: Origin;
  readonly value: SettingValue | undefined;
  readonly error: ConfigError | undefined;
}

/** The short names that administrators know, tried after `CCO_<TABLE>_<KEY>`. */
export const SHORT_NAMES: { readonly [K in SettingKey]?: string } = {
  "updates.enabled": "CCO_AUTO_UPDATE",
  "updates.channel": "CCO_AUTO_UPDATE_CHANNEL",
  "updates.check_interval": "CCO_AUTO_UPDATE_INTERVAL",
};

/** The settings in force, each with where it comes from. */
export class Settings {
  readonly #entries: ReadonlyMap<SettingKey, Entry>;

  /** @param entries The winning entry of each key. */
  constructor(entries: ReadonlyMap<SettingKey, Entry>) {
    this.#entries = entries;
  }

  /**
   * The value of a setting.
   *
   * @param key The setting.
   * @returns Its value.
   * @throws {ConfigError} When the layer that decides gives a value that cannot be used.
   */
  get<K extends SettingKey>(key: K): SettingValues[K] {
    const { value, error } = this.#entry(key);
    if (error !== undefined) throw error;
    return value as SettingValues[K];
  }

  /** Where the value of a setting comes from. */
  origin(key: SettingKey): Origin {
    return this.#entry(key).origin;
  }

  /** The settings that a layer decides. */
  decidedBy(layer: Origin["layer"]): SettingKey[] {
    return SETTING_KEYS.filter((key) => this.origin(key).layer === layer);
  }

  /** What is wrong with any of them, and where; a fault of a whole table once. */
  faults(): Fault[] {
    const faults = new Map<string, Fault>();
    for (const key of SETTING_KEYS) {
      const { error, origin } = this.#entry(key);
      if (error !== undefined && !faults.has(error.message)) {
        faults.set(error.message, { key, error, origin });
      }
    }
    return [...faults.values()];
  }

  /** What is wrong with any of them. */
  problems(): ConfigError[] {
    return this.faults().map(({ error }) => error);
  }

  #entry(key: SettingKey): Entry {
    return this.#entries.get(key)!;
  }
}

/**
 * Reads all layers.
 *
 * @param facts Where they are.
 * @returns The settings; a value that cannot be used is an error only when it is asked for.
 * @throws {ConfigError} When a file cannot be read at all.
 */
export async function loadSettings(facts: SettingsFacts): Promise<Settings> {
  const { runtime, policyFile, configFile, isNamed = false, isElsewhere = false } = facts;
  const policy = await tablesOf(await readPolicy(runtime, policyFile));
  const role = configFile !== undefined && isElsewhere ? namedFile(configFile) : OWN_FILE;
  const file = configFile === undefined ? undefined : await readConfigFile(runtime, configFile, role);
  if (isNamed && file === undefined) {
    throw new ConfigError("FILE_MISSING", `Configuration file does not exist: ${configFile}`);
  }
  const layers = [
    tableLayer("policy", policyFile, policy),
    environmentLayer(facts.env),
    tableLayer("file", file?.path, await tablesOf(file)),
  ];
  const entries = new Map<SettingKey, Entry>();
  for (const key of SETTING_KEYS) entries.set(key, await decide(key, layers, facts));
  return new Settings(entries);
}

/**
 * Reads the managed policy. It is root's alone: a user's own file in its place would not be a policy (T29).
 *
 * @param runtime File system and user.
 * @param path The file.
 * @returns The file, or `undefined` when there is none.
 * @throws {ConfigError} As {@link readConfigFile}.
 */
export async function readPolicy({ fs, uid }: ConfigRuntime, path: string): Promise<ConfigFile | undefined> {
  return await readConfigFile({ fs, uid: uid === undefined ? undefined : 0 }, path, POLICY_FILE);
}

/** One layer: what it says about a setting and where, or `undefined` when it says nothing. */
type Layer = (key: SettingKey) => { origin: Origin; read: () => SettingValue } | undefined;

function tableLayer(layer: "policy" | "file", where: string | undefined, tables: TomlTable): Layer {
  return (key) => {
    const [table, name] = key.split(".") as [string, string];
    const entries = own(tables, table);
    const origin = { layer, where };
    if (entries !== undefined && !isTable(entries)) {
      return { origin, read: () => throwNotATable(table, where) };
    }
    const value = entries === undefined ? undefined : own(entries, name);
    return value === undefined ? undefined : { origin, read: () => settingOf(key).kind.accept(value) };
  };
}

function environmentLayer(env: SettingsFacts["env"]): Layer {
  return (key) => {
    const names = [variableOf(key), SHORT_NAMES[key]].filter((name) => name !== undefined);
    const where = names.find((name) => (env(name) ?? "") !== "");
    if (where === undefined) return undefined;
    return { origin: { layer: "environment", where }, read: () => settingOf(key).kind.parse(env(where)!) };
  };
}

/**
 * The environment variable that overrides a setting.
 *
 * @param key The setting.
 * @returns Its name, such as `CCO_UPDATES_CHANNEL`.
 */
export function variableOf(key: SettingKey): string {
  return `CCO_${key.replace(".", "_").toUpperCase()}`;
}

async function decide(
  key: SettingKey,
  layers: readonly Layer[],
  facts: SettingsFacts,
): Promise<Entry> {
  for (const layer of layers) {
    const found = layer(key);
    if (found === undefined) continue;
    const { origin, read } = found;
    try {
      const value = read();
      await checkRange(key, value);
      checkSignatures(key, value, facts);
      return { origin, value, error: undefined };
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      // What is wrong with a whole table is said once, not for each of its keys.
      if (error.code === "FILE_DAMAGED") return { origin, value: undefined, error };
      const message = `${error.message} (${key} in ${origin.where})`;
      return { origin, value: undefined, error: new ConfigError(error.code, message, { cause: error }) };
    }
  }
  const value = key === "updates.sources" ? facts.sources : settingOf(key).default;
  return { origin: { layer: "default", where: undefined }, value, error: undefined };
}

/**
 * Refuses to switch signatures off in a build that insists on them: trust comes from the build alone (T29).
 *
 * @param key The setting.
 * @param value Its value.
 * @param build Whether the build allows releases without a signature.
 * @throws {ConfigError} When it would.
 */
export function checkSignatures(
  key: SettingKey,
  value: SettingValue,
  { allowUnsigned }: { readonly allowUnsigned: boolean },
): void {
  if (key !== "updates.verify_signatures" || value !== false || allowUnsigned) return;
  throw new ConfigError(
    "INVALID_VALUE",
    "Invalid value: updates.verify_signatures cannot be false, because this build insists on signed releases",
  );
}

function throwNotATable(table: string, where: string | undefined): never {
  throw notATable(table, where);
}
