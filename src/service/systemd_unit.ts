/**
 * The service as a unit of systemd.
 *
 * @module
 */

import type { ServiceProgram } from "./service_program.ts";

/** The unit's name. */
export const UNIT = "cco.service";

/** Without root a manager can only forbid; changing what is seen of the file system takes namespaces it may not have. */
const FORBIDDEN: readonly string[] = [
  "NoNewPrivileges=yes",
  "LockPersonality=yes",
  "RestrictRealtime=yes",
  "RestrictSUIDSGID=yes",
  "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
  "SystemCallArchitectures=native",
];

/** What the system's own manager adds. Not MemoryDenyWriteExecute: JavaScript is compiled to memory. */
const CONFINED: readonly string[] = [
  "PrivateDevices=yes",
  "ProtectSystem=strict",
  "ProtectHome=read-only",
  "ProtectClock=yes",
  "ProtectControlGroups=yes",
  "ProtectHostname=yes",
  "ProtectKernelLogs=yes",
  "ProtectKernelModules=yes",
  "ProtectKernelTunables=yes",
];

/**
 * Writes the unit. It says when it is ready and that it lives; it may replace its own executable and write its state, and
 * little else; and the process that takes over after an update may say so (`NotifyAccess=all`).
 *
 * @param program The service; its texts hold no control characters.
 * @returns The text of the unit (systemd.service(5), systemd.exec(5)).
 */
export function systemdUnit({ executable, args, env, writable, scope }: ServiceProgram): string {
  const isSystem = scope === "system";
  const command = [...programWords(executable), ...args.map(argument)].join(" ");
  const variables = Object.entries(env).map(([name, value]) => `Environment=${quoted(`${name}=${value}`)}`);
  return [
    "# Made by 'cco daemon install'; 'cco daemon uninstall' takes it away again. Changes of your own: systemctl edit",
    "[Unit]",
    "Description=CCO service: updates in the background, health, metrics",
    ...(isSystem ? ["Wants=network-online.target", "After=network-online.target"] : []),
    "",
    "[Service]",
    "Type=notify",
    "NotifyAccess=all",
    `ExecStart=${command}`,
    "ExecReload=/bin/kill -HUP $MAINPID",
    ...variables,
    "Restart=on-failure",
    "RestartSec=5s",
    "TimeoutStartSec=60s",
    // A replacement that has begun is finished first.
    "TimeoutStopSec=90s",
    "WatchdogSec=60s",
    "UMask=0077",
    ...FORBIDDEN,
    // Its own /tmp would hide what lies in the machine's.
    ...(isSystem && !writable.some((path) => /^\/(?:var\/)?tmp\//.test(path)) ? ["PrivateTmp=yes"] : []),
    ...(isSystem ? [...CONFINED, `ReadWritePaths=${writable.map(quoted).join(" ")}`] : []),
    "",
    "[Install]",
    `WantedBy=${isSystem ? "multi-user.target" : "default.target"}`,
    "",
  ].join("\n");
}

/** The program itself may not have quotes and backslashes in its path; as an argument of a shell it may. */
function programWords(executable: string): string[] {
  if (!/["'\\]/.test(executable)) return [quoted(executable)];
  return ["/bin/sh", "-c", argument('exec "$0" "$@"'), argument(executable)];
}

/** Variables are put into arguments, not into the path of the program (systemd.service(5)). */
function argument(text: string): string {
  return quoted(text).replaceAll("$", "$$$$");
}

/** One word, whatever it holds: in quotes, `\` and `"` escaped, `%` doubled (systemd.syntax(7), systemd.unit(5)). */
function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&").replaceAll("%", "%%")}"`;
}
