/**
 * The service as a scheduled task of Windows.
 *
 * @module
 */

import { type ServiceProgram, xmlText } from "./service_program.ts";

/** The task's name. */
export const TASK = "cco";

/** The account of the system itself, as a security identifier. */
const SYSTEM = "S-1-5-18";

/**
 * Writes the task (Task Scheduler schema 1.2): started at logon, or with the machine, kept alive, without a time limit.
 *
 * @param program The service; its texts hold no control characters.
 * @param user The account that it runs as where it is one person's, such as `DESKTOP\\ann`.
 * @returns The task, as XML.
 */
export function scheduledTask({ executable, args, scope }: ServiceProgram, user: string): string {
  const isSystem = scope === "system";
  const account = xmlText(isSystem ? SYSTEM : user);
  return [
    '<?xml version="1.0" encoding="UTF-16"?>',
    '<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">',
    "  <RegistrationInfo>",
    "    <Description>CCO service: updates in the background, health, metrics</Description>",
    "  </RegistrationInfo>",
    "  <Triggers>",
    ...(isSystem
      ? ["    <BootTrigger><Enabled>true</Enabled></BootTrigger>"]
      : [`    <LogonTrigger><Enabled>true</Enabled><UserId>${account}</UserId></LogonTrigger>`]),
    "  </Triggers>",
    "  <Principals>",
    '    <Principal id="Author">',
    `      <UserId>${account}</UserId>`,
    ...(isSystem ? [] : ["      <LogonType>InteractiveToken</LogonType>"]),
    `      <RunLevel>${isSystem ? "HighestAvailable" : "LeastPrivilege"}</RunLevel>`,
    "    </Principal>",
    "  </Principals>",
    "  <Settings>",
    "    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>",
    "    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>",
    "    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>",
    "    <RestartOnFailure><Interval>PT1M</Interval><Count>999</Count></RestartOnFailure>",
    "    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>",
    "    <Hidden>true</Hidden>",
    "  </Settings>",
    '  <Actions Context="Author">',
    "    <Exec>",
    `      <Command>${xmlText(executable)}</Command>`,
    `      <Arguments>${xmlText(args.map(windowsArgument).join(" "))}</Arguments>`,
    "    </Exec>",
    "  </Actions>",
    "</Task>",
    "",
  ].join("\r\n");
}

/** One argument as programs take command lines apart: backslashes count only before a quote. */
function windowsArgument(text: string): string {
  if (text !== "" && !/[\s"]/.test(text)) return text;
  return `"${text.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, "$1$1")}"`;
}
