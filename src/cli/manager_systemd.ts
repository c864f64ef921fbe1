/**
 * The service under systemd.
 *
 * @module
 */

import type { ServiceProgram } from "../service/service_program.ts";
import { systemdUnit, UNIT } from "../service/systemd_unit.ts";
import type { Invocation } from "./invocation.ts";
import { failure, requireTool, runTool, type ServiceManager } from "./service_manager.ts";

const SYSTEM_FOLDER = "/etc/systemd/system";
/** What `systemctl is-system-running` says where there is something to talk to. */
const RUNNING: readonly string[] = ["initializing", "starting", "running", "degraded", "maintenance"];

/**
 * systemd, told about the service.
 *
 * @param invocation The run.
 * @param program The service.
 * @returns The manager: the system's own, or that of this person's session, which needs no root.
 */
export async function systemd(invocation: Invocation, program: ServiceProgram): Promise<ServiceManager> {
  const file = `${await folderOf(invocation, program)}/${UNIT}`;
  const who = program.scope === "system" ? [] : ["--user"];
  const systemctl = (...args: string[]): Promise<void> =>
    requireTool(invocation, "systemctl", [...who, ...args]);
  const ask = (...args: string[]) => runTool(invocation, "systemctl", [...who, ...args]);
  // The journal is where administrators look first: there it says what it does.
  const args = program.args.filter((arg) => arg !== "--quiet");
  return {
    name: "systemd",
    file,
    text: systemdUnit({ ...program, args }),
    encoding: "utf-8",
    hints: program.scope === "system" ? [] : ["It ends when you log out. To keep it: loginctl enable-linger"],
    absence: async () => {
      const { text } = await ask("is-system-running");
      if (RUNNING.includes(text.split("\n")[0] ?? "")) return undefined;
      return program.scope === "system"
        ? "systemd does not run here (a container?). Use 'cco daemon start', or let the container run 'cco run'"
        : "your session has no systemd (a container, su or cron?). Use 'cco daemon start', or as root 'cco daemon install --system'";
    },
    fault: async () => {
      const { code, text } = await runTool(invocation, "systemd-analyze", [...who, "verify", file]);
      if (code === undefined || code === 0) return undefined;
      // It also looks at what the unit depends on, which is not ours.
      return text.split("\n").find((line) => line.includes(UNIT));
    },
    activate: async () => {
      await systemctl("daemon-reload");
      await systemctl("enable", UNIT);
      await systemctl("restart", UNIT);
    },
    deactivate: async () => {
      await ask("disable", "--now", UNIT);
    },
    forget: async () => {
      await ask("daemon-reload");
      await ask("reset-failed", UNIT);
    },
    start: async () => {
      // One that failed often waits for a person: here is one.
      await ask("reset-failed", UNIT);
      await systemctl("start", UNIT);
    },
    stop: () => systemctl("stop", UNIT),
  };
}

async function folderOf({ world: { terminal } }: Invocation, { scope }: ServiceProgram): Promise<string> {
  if (scope === "system") return SYSTEM_FOLDER;
  const configured = terminal.env("XDG_CONFIG_HOME");
  if (configured?.startsWith("/")) return `${configured}/systemd/user`;
  const home = await terminal.home();
  if (home === undefined) throw failure("This account has no folder for units. Set HOME, or use --system");
  return `${home}/.config/systemd/user`;
}
