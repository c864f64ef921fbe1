/**
 * All commands, as one table: parsing, help, completion and the documentation follow it.
 *
 * @module
 */

import type { Command } from "./command.ts";
import { DAEMON, RUN } from "./daemon_commands.ts";
import { BACKUP, CONFIG, EVERYDAY, UPDATE, VERSION } from "./everyday_commands.ts";
import { RELEASE } from "./release_commands.ts";

/** The program: a command without a name, whose commands are all there are. */
export const COMMANDS: Command = {
  ...EVERYDAY,
  commands: [
    VERSION,
    UPDATE,
    {
      name: "rollback",
      summary: "go back to the previous version",
      flags: [BACKUP],
      load: async () => (await import("./rollback.ts")).rollbackCommand,
    },
    CONFIG,
    RUN,
    DAEMON,
    {
      name: "install",
      summary: "copy this executable to ~/.local/bin and put that on PATH",
      flags: [{ name: "force", summary: "replace another executable that is there" }],
      load: async () => (await import("./install_program.ts")).installProgram,
    },
    {
      name: "uninstall",
      summary: "undo cco install; settings and state stay",
      load: async () => (await import("./uninstall_program.ts")).uninstallProgram,
    },
    {
      name: "doctor",
      summary: "say what is wrong and how to mend it",
      load: async () => (await import("./doctor.ts")).doctor,
    },
    {
      name: "explain",
      summary: "say why an update is, or is not, offered to this machine",
      flags: [{
        name: "as-if",
        value: "FACTS",
        summary: "suppose these facts: version, platform, id, channel",
      }],
      examples: [[
        "cco explain --as-if version=2025.10.1,platform=darwin-arm64",
        "what another machine is offered",
      ]],
      load: async () => (await import("./explain.ts")).explain,
    },
    RELEASE,
    {
      name: "completions",
      summary: "print the script that makes a shell complete cco",
      positionals: [{ name: "SHELL", words: "shells" }],
      examples: [["source <(cco completions bash)", "complete in this bash"]],
      load: async () => (await import("./completions.ts")).completions,
    },
    {
      name: "complete",
      summary: "print what could come next; the scripts of cco completions ask it",
      positionals: [{ name: "WORD", optional: true, many: true }],
      hidden: true,
      load: async () => (await import("./complete.ts")).complete,
    },
  ],
};
