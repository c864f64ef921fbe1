/**
 * What the contract shows of `cco config`, for the command in this process and for the compiled one.
 *
 * @module
 */

/** The state that the contract's examples are of. */
export const TIMES = { last_check: "2025-11-17T14:32:15Z", last_update: "2025-11-10T09:22:03Z" };

/** Each command, and the whole of what it prints. */
export const CONFIG_ANSWERS: readonly (readonly [command: string, stdout: string])[] = [
  [
    "config show",
    `Update Configuration:
  Enabled: true
  Auto-install: false
  Check interval: daily
  Channel: stable
  Last check: 2025-11-17 14:32:15 UTC
  Last update: 2025-11-10 09:22:03 UTC
`,
  ],
  ["config get updates.channel", "updates.channel = stable\n"],
  ["config get updates.last_check", "updates.last_check = 2025-11-17 14:32:15 UTC\n"],
  ["config set updates.enabled false", "✅ Configuration updated: updates.enabled = false\n"],
  ["config get updates.enabled", "updates.enabled = false\n"],
];
