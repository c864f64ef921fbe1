/**
 * `cco config set KEY VALUE` and `cco config unset KEY`.
 *
 * @module
 */

import { ConfigError } from "../config/config_error.ts";
import { editConfigFile } from "../config/edit_config_file.ts";
import type { SettingValue } from "../config/kinds.ts";
import { checkSignatures } from "../config/load_settings.ts";
import {
  checkRange,
  displayValue,
  isSettingKey,
  RECORDED_KEYS,
  type SettingKey,
  settingOf,
  shownValue,
} from "../config/settings.ts";
import { unknownKey } from "../config/unknown_key.ts";
import { requireConfigFile } from "./config_path.ts";
import type { Invocation } from "./invocation.ts";

/**
 * Sets one value in the user's file, keeping everything else of it.
 *
 * @param invocation The run.
 * @returns The exit code.
 */
export async function configSet(invocation: Invocation): Promise<number> {
  const [name = "", ...words] = invocation.parsed.values;
  const key = knownKey(name);
  const value = settingOf(key).kind.parse(words.join(" "));
  await checkRange(key, value);
  checkSignatures(key, value, invocation.world.build);
  await change(invocation, key, value);
  invocation.output.line(`✅ Configuration updated: ${key} = ${displayValue(value)}`);
  await warnOfEnvironment(invocation, key);
  return 0;
}

/**
 * Removes one value from the user's file, so that the default applies again.
 *
 * @param invocation The run.
 * @returns The exit code.
 */
export async function configUnset(invocation: Invocation): Promise<number> {
  const key = knownKey(invocation.parsed.values[0]!);
  await change(invocation, key, undefined);
  const { sources } = invocation.world.build;
  const value = key === "updates.sources" ? sources : settingOf(key).default;
  invocation.output.line(`✅ Configuration updated: ${key} = ${displayValue(value)} (default)`);
  await warnOfEnvironment(invocation, key);
  return 0;
}

function knownKey(key: string): SettingKey {
  if (isSettingKey(key)) return key;
  if (!RECORDED_KEYS.includes(key)) throw unknownKey(key);
  throw new ConfigError("READ_ONLY_KEY", `${key} is recorded by cco and cannot be set`);
}

async function change(
  invocation: Invocation,
  key: SettingKey,
  value: SettingValue | undefined,
): Promise<void> {
  const configFile = requireConfigFile((await invocation.paths()).configFile);
  await refuseManaged(invocation, key);
  await editConfigFile(invocation.world.runtime, configFile, key, value);
  invocation.output.document({ key, value: shownValue(value), file: configFile });
}

/** A managed value cannot be overridden, and a file that says otherwise would only mislead. */
async function refuseManaged(invocation: Invocation, key: SettingKey): Promise<void> {
  const { layer, where } = (await invocation.settings()).origin(key);
  if (layer !== "policy") return;
  throw new ConfigError(
    "MANAGED_KEY",
    `Managed configuration key: ${key} is set by the policy ${where} and cannot be changed here. ` +
      `Ask your administrator`,
  );
}

async function warnOfEnvironment(invocation: Invocation, key: SettingKey): Promise<void> {
  const origin = (await invocation.settings()).origin(key);
  if (origin.layer !== "environment") return;
  invocation.output.note(`⚠️  ${origin.where} in the environment overrides ${key}`);
}
