/**
 * Flags that would override the managed policy, which nothing does.
 *
 * @module
 */

import { ConfigError } from "../config/config_error.ts";
import type { SettingKey } from "../config/settings.ts";
import type { Invocation } from "./invocation.ts";
import { wantedVersion } from "./update_flags.ts";

/**
 * Refuses `--channel` and `--version` where the policy sets another channel or a range without that version.
 *
 * @param invocation The run.
 * @throws {ConfigError} `MANAGED_KEY` when they contradict the policy.
 */
export async function refuseManaged(invocation: Invocation): Promise<void> {
  const settings = await invocation.settings();
  const refuse = (key: SettingKey, flag: string): void => {
    const { layer, where } = settings.origin(key);
    if (layer !== "policy") return;
    throw new ConfigError(
      "MANAGED_KEY",
      `Managed configuration key: ${key} is ${
        settings.get(key)
      } by the policy ${where}, which ${flag} cannot ` +
        `override. Ask your administrator`,
    );
  };
  const channel = invocation.flag("channel");
  if (channel !== undefined && channel !== settings.get("updates.channel")) {
    refuse("updates.channel", `--channel ${channel}`);
  }
  const version = wantedVersion(invocation);
  const pin = settings.get("updates.pin");
  if (version === undefined || pin === undefined) return;
  const { inRange } = await import("../../mod.ts");
  if (!await inRange(version, pin)) refuse("updates.pin", `--version ${version}`);
}
