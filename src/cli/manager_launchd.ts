/**
 * The service under launchd.
 *
 * @module
 */

import { LABEL, launchdAgent } from "../service/launchd_agent.ts";
import type { ServiceProgram } from "../service/service_program.ts";
import type { Invocation } from "./invocation.ts";
import { failure, requireTool, runTool, type ServiceManager } from "./service_manager.ts";

/**
 * launchd, told about the service.
 *
 * @param invocation The run.
 * @param program The service.
 * @returns The manager: the system's daemons, or the agents of this person's session, which need no root.
 */
export async function launchd(invocation: Invocation, program: ServiceProgram): Promise<ServiceManager> {
  const isSystem = program.scope === "system";
  const { terminal, runtime } = invocation.world;
  const home = await terminal.home();
  if (!isSystem && home === undefined) throw failure("This account has no folder for agents. Set HOME");
  const file = `${isSystem ? "/Library/LaunchDaemons" : `${home}/Library/LaunchAgents`}/${LABEL}.plist`;
  const domain = isSystem ? "system" : `gui/${runtime.uid ?? 0}`;
  const ask = (...args: string[]) => runTool(invocation, "launchctl", args);
  const launchctl = (...args: string[]): Promise<void> => requireTool(invocation, "launchctl", args);
  return {
    name: "launchd",
    file,
    text: launchdAgent(program),
    encoding: "utf-8",
    hints: [],
    absence: async () => {
      const { code } = await ask("print", domain);
      if (code === 0) return undefined;
      return `launchd has no session ${domain} for you (ssh?). Use 'cco daemon start', or log in on the screen`;
    },
    fault: async () => {
      const { code, text } = await runTool(invocation, "plutil", ["-lint", file]);
      return code === undefined || code === 0 ? undefined : text.split("\n").at(-1);
    },
    activate: async () => {
      await ask("bootout", `${domain}/${LABEL}`);
      await launchctl("bootstrap", domain, file);
    },
    deactivate: async () => {
      await ask("bootout", `${domain}/${LABEL}`);
    },
    forget: () => Promise.resolve(),
    start: () => launchctl("bootstrap", domain, file),
    stop: () => launchctl("bootout", `${domain}/${LABEL}`),
  };
}
