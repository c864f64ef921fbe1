/**
 * The commands that are given most, which start without the table of all the others.
 *
 * @module
 */

import type { Command, Flag } from "./command.ts";

/** Which version to go back to. */
export const BACKUP: Flag = {
  name: "to",
  value: "VERSION",
  words: "backups",
  summary: "go back to this version",
};

/** `cco update`. */
export const UPDATE: Command = {
  name: "update",
  summary: "check for a newer version and install it",
  flags: [
    { name: "check", summary: "check only" },
    { name: "yes", short: "y", summary: "do not ask; for cron, systemd, fleets" },
    { name: "install", summary: "install: the same as without it" },
    { name: "channel", value: "CHANNEL", words: "channels", summary: "follow this channel, this time only" },
    { name: "version", value: "VERSION", summary: "install this version" },
    { name: "allow-downgrade", summary: "an older version is welcome" },
    { name: "dry-run", summary: "download and verify, then stop" },
    { name: "list-backups", summary: "list what can be gone back to" },
    { name: "rollback", summary: "go back: the same as cco rollback" },
    BACKUP,
  ],
  examples: [
    ["cco update --check", "is there a newer version?"],
    ["cco update --yes", "install it without a question"],
    ["cco update --version 2025.11.1 --allow-downgrade", "go to an older version"],
  ],
  load: async () => (await import("./update.ts")).update,
};

/** `cco config`. */
export const CONFIG: Command = {
  name: "config",
  summary: "show and change the settings",
  commands: [
    {
      name: "show",
      summary: "show the settings",
      flags: [{ name: "effective", summary: "every key, with where its value comes from" }],
      examples: [["cco config show --effective", "every key, with where its value comes from"]],
      load: async () => (await import("./config_show.ts")).configShow,
    },
    {
      name: "get",
      summary: "show one value",
      positionals: [{ name: "KEY", words: "keys" }],
      examples: [["cco config get updates.channel | awk '{print $3}'", "the value alone"]],
      load: async () => (await import("./config_get.ts")).configGet,
    },
    {
      name: "set",
      summary: "change one value",
      positionals: [{ name: "KEY", words: "keys" }, { name: "VALUE", many: true, words: "values" }],
      examples: [
        ["cco config set updates.check_interval 6h", "check every six hours"],
        ["cco config set updates.window Tue 02:00-04:00 UTC", "several words are one value"],
        ["cco config show --effective", "all keys"],
      ],
      makesConfig: true,
      load: async () => (await import("./config_set.ts")).configSet,
    },
    {
      name: "unset",
      summary: "go back to the default of one value",
      positionals: [{ name: "KEY", words: "keys" }],
      load: async () => (await import("./config_set.ts")).configUnset,
    },
    {
      name: "path",
      summary: "show where the settings are kept",
      load: async () => (await import("./config_path.ts")).configPath,
    },
    {
      name: "edit",
      summary: "open the settings in $VISUAL or $EDITOR; checked before they count",
      load: async () => (await import("./config_edit.ts")).configEdit,
    },
    {
      name: "reset",
      summary: "put the settings aside and start with the defaults",
      load: async () => (await import("./config_reset.ts")).configReset,
    },
    {
      name: "validate",
      summary: "check all settings, wherever they come from",
      load: async () => (await import("./config_validate.ts")).configValidate,
    },
  ],
};

/** `cco version`. */
export const VERSION: Command = {
  name: "version",
  summary: "show the version and what the last check found",
  load: async () => (await import("./version.ts")).version,
};

/** The program as these commands know it: enough to understand a command line that begins with one of them. */
export const EVERYDAY: Command = {
  name: "cco",
  summary: "CCO keeps itself up to date.",
  flags: [{ name: "version", short: "V", summary: "show the version and nothing else" }],
  commands: [VERSION, UPDATE, CONFIG],
  examples: [
    ["cco update --check", "is there a newer version?"],
    ["cco config set updates.channel beta", "follow the beta channel"],
  ],
};
