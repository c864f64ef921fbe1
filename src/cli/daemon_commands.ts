/**
 * The commands of the service, as a part of the table of all commands.
 *
 * @module
 */

import type { Command, Flag } from "./command.ts";

const PLACE: readonly Flag[] = [
  { name: "port", value: "PORT", summary: "listen on this port instead of service.port" },
  { name: "host", value: "ADDRESS", words: ["127.0.0.1", "::1"], summary: "listen on this address" },
  { name: "debug", summary: "log details as well" },
];

const MANAGED: readonly Flag[] = [
  { name: "system", summary: "for the whole machine, as root, instead of for you" },
  { name: "dry-run", summary: "show what would be done, and do nothing" },
];

/** The service in the foreground. */
export const RUN: Command = {
  name: "run",
  summary: "run the service in the foreground: background checks, health, metrics, logs",
  flags: PLACE,
  examples: [["cco run --debug", "see what the service does"]],
  load: async () => (await import("./run.ts")).run,
};

/** The service in the background. */
export const DAEMON: Command = {
  name: "daemon",
  summary: "the service in the background",
  commands: [
    {
      name: "start",
      summary: "start it, unless it runs",
      flags: PLACE,
      load: async () => (await import("./daemon_start.ts")).daemonStart,
    },
    {
      name: "stop",
      summary: "stop it",
      load: async () => (await import("./daemon_stop.ts")).daemonStop,
    },
    {
      name: "restart",
      summary: "start it again; after an update go back when the new version is not healthy",
      flags: PLACE,
      load: async () => (await import("./daemon_restart.ts")).daemonRestart,
    },
    {
      name: "status",
      summary: "say whether it runs and how it is; exit code 1 when it does not",
      examples: [["cco daemon status > /dev/null && echo up", "in a script"]],
      load: async () => (await import("./daemon_status.ts")).daemonStatus,
    },
    {
      name: "logs",
      summary: "show what it has logged",
      flags: [
        { name: "lines", short: "n", value: "NUMBER", summary: "so many of the last lines, 50 otherwise" },
        { name: "follow", short: "f", summary: "go on with what it logs from now on" },
        {
          name: "level",
          value: "LEVEL",
          words: ["debug", "info", "warn", "error"],
          summary: "lines of this level and above",
        },
        { name: "audit", summary: "instead, every attempt to change the version, whoever made it" },
      ],
      examples: [["cco daemon logs --follow --level warn", "watch for failures"]],
      load: async () => (await import("./daemon_logs.ts")).daemonLogs,
    },
    {
      name: "install",
      summary: "have systemd, launchd or the Task Scheduler start it, now and from now on",
      flags: [...PLACE, ...MANAGED],
      examples: [
        ["cco daemon install", "for you, without root"],
        ["cco daemon install --system --dry-run", "see the unit for the whole machine"],
      ],
      load: async () => (await import("./daemon_install.ts")).daemonInstall,
    },
    {
      name: "uninstall",
      summary: "undo cco daemon install; settings, state and log stay",
      flags: MANAGED,
      load: async () => (await import("./daemon_uninstall.ts")).daemonUninstall,
    },
  ],
};
