/**
 * `cco config get KEY`: one value, for `awk '{print $3}'`.
 *
 * @module
 */

import { displayValue, isSettingKey, RECORDED_KEYS, shownValue } from "../config/settings.ts";
import { unknownKey } from "../config/unknown_key.ts";
import type { Invocation } from "./invocation.ts";

/**
 * Shows one value: a setting in force, or a time that is recorded.
 *
 * @param invocation The run.
 * @returns The exit code.
 */
export async function configGet(invocation: Invocation): Promise<number> {
  const key = invocation.parsed.values[0]!;
  if (RECORDED_KEYS.includes(key)) return await getRecorded(invocation, key);
  if (!isSettingKey(key)) throw unknownKey(key);
  const settings = await invocation.settings();
  const value = settings.get(key);
  invocation.output.line(`${key} = ${displayValue(value)}`);
  invocation.output.document({ key, value: shownValue(value), origin: settings.origin(key) });
  return 0;
}

async function getRecorded(invocation: Invocation, key: string): Promise<number> {
  const { readState } = await import("../config/state.ts");
  const { formatTime, isoTime } = await import("./times.ts");
  const { stateDirectory } = await invocation.paths();
  const { state } = await readState(invocation.world.runtime, stateDirectory);
  const time = key === "updates.last_check" ? state.lastCheck : state.lastUpdate;
  invocation.output.line(`${key} = ${formatTime(time)}`);
  invocation.output.document({
    key,
    value: isoTime(time),
    origin: { layer: "state", where: stateDirectory },
  });
  return 0;
}
