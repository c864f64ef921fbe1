/**
 * `cco config show`: the settings in force.
 *
 * @module
 */

import type { Settings } from "../config/load_settings.ts";
import { displayValue, SETTING_KEYS, type SettingKey, shownValue } from "../config/settings.ts";
import { readState, type State } from "../config/state.ts";
import type { Invocation } from "./invocation.ts";
import { formatTime, isoTime } from "./times.ts";

/** The settings that everybody is shown, with the words that administrators' scripts look for. */
const SHOWN: readonly (readonly [label: string, key: SettingKey])[] = [
  ["Enabled", "updates.enabled"],
  ["Auto-install", "updates.auto_install"],
  ["Check interval", "updates.check_interval"],
  ["Channel", "updates.channel"],
];

/**
 * Shows the settings in force, what overrides the file, and with `--effective` where each value comes from.
 *
 * @param invocation The run.
 * @returns The exit code.
 */
export async function configShow(invocation: Invocation): Promise<number> {
  const settings = await invocation.settings();
  for (const problem of settings.problems()) throw problem;
  const { state } = await readState(invocation.world.runtime, (await invocation.paths()).stateDirectory);
  if (invocation.has("effective")) showEffective(invocation, settings);
  else await showShort(invocation, settings, state);
  invocation.output.document({
    settings: Object.fromEntries(
      SETTING_KEYS.map((
        key,
      ) => [key, { value: shownValue(settings.get(key)), origin: settings.origin(key) }]),
    ),
    lastCheck: isoTime(state.lastCheck),
    lastUpdate: isoTime(state.lastUpdate),
  });
  return 0;
}

async function showShort(invocation: Invocation, settings: Settings, state: State): Promise<void> {
  const { output } = invocation;
  output.line("Update Configuration:");
  for (const [label, key] of SHOWN) output.line(`  ${label}: ${displayValue(settings.get(key))}`);
  output.line(`  Last check: ${formatTime(state.lastCheck)}`);
  output.line(`  Last update: ${formatTime(state.lastUpdate)}`);
  showOverrides(invocation, settings, "environment", "Environment overrides:");
  const { policyFile } = await invocation.paths();
  showOverrides(invocation, settings, "policy", `Managed policy (${policyFile}):`);
}

function showOverrides(
  { output }: Invocation,
  settings: Settings,
  layer: "environment" | "policy",
  heading: string,
): void {
  const keys = settings.decidedBy(layer);
  if (keys.length === 0) return;
  output.line();
  output.line(heading);
  for (const key of keys) {
    const by = layer === "environment" ? ` (${settings.origin(key).where})` : "";
    output.line(`  ${key} = ${displayValue(settings.get(key))}${by}`);
  }
}

function showEffective({ output }: Invocation, settings: Settings): void {
  for (const key of SETTING_KEYS) {
    const { layer, where } = settings.origin(key);
    const origin = where === undefined ? layer : `${layer}: ${where}`;
    output.line(`${key} = ${displayValue(settings.get(key))} (${origin})`);
  }
}
