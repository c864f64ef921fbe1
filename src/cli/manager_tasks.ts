/**
 * The service under the Task Scheduler of Windows.
 *
 * @module
 */

import { scheduledTask, TASK } from "../service/scheduled_task.ts";
import type { ServiceProgram } from "../service/service_program.ts";
import { stateDirectoryOf } from "./daemon_place.ts";
import type { Invocation } from "./invocation.ts";
import { requireTool, runTool, type ServiceManager } from "./service_manager.ts";

/**
 * The Task Scheduler, told about the service. It keeps a copy of its own of the file.
 *
 * @param invocation The run.
 * @param program The service.
 * @returns The manager: a task at this person's logon, which needs no administrator, or one at the start of the machine.
 */
export async function taskScheduler(
  invocation: Invocation,
  program: ServiceProgram,
): Promise<ServiceManager> {
  const { env } = invocation.world.terminal;
  const [domain, name] = [env("USERDOMAIN"), env("USERNAME") ?? ""];
  const file = `${await stateDirectoryOf(invocation)}\\service-task.xml`;
  const ask = (...args: string[]) => runTool(invocation, "schtasks", [...args, "/TN", TASK]);
  const schtasks = (...args: string[]): Promise<void> =>
    requireTool(invocation, "schtasks", [...args, "/TN", TASK]);
  return {
    name: "Task Scheduler",
    file,
    text: scheduledTask(program, domain === undefined ? name : `${domain}\\${name}`),
    encoding: "utf-16le",
    hints: [],
    absence: async () => {
      const { code, text } = await runTool(invocation, "schtasks", ["/Query"]);
      return code === undefined ? `the Task Scheduler cannot be asked: ${text}` : undefined;
    },
    // It reads the file when it takes it, and says what it does not understand.
    fault: () => Promise.resolve(undefined),
    activate: async () => {
      await schtasks("/Create", "/XML", file, "/F");
      await schtasks("/Run");
    },
    deactivate: async () => {
      await ask("/End");
      await ask("/Delete", "/F");
    },
    forget: () => Promise.resolve(),
    start: () => schtasks("/Run"),
    stop: () => schtasks("/End"),
  };
}
