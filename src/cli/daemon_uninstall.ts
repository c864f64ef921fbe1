/**
 * `cco daemon uninstall`: undoes `cco daemon install`.
 *
 * @module
 */

import { EXIT } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { failure, serviceManager } from "./service_manager.ts";

/**
 * Ends the service, makes the manager of services forget it, and removes the file. Settings, state and log stay.
 *
 * @param invocation The run; `--system` for that of the whole machine.
 * @returns The exit code.
 * @throws {Failure} Exit code 1 when the file cannot be removed.
 */
export async function daemonUninstall(invocation: Invocation): Promise<number> {
  const { output, world: { runtime } } = invocation;
  const manager = await serviceManager(invocation, invocation.has("system") ? "system" : "user");
  const { name, file } = manager;
  const isThere = await runtime.fs.stat(file) !== undefined;
  if (isThere && !invocation.has("dry-run")) {
    await manager.deactivate();
    await runtime.fs.remove(file).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      throw failure(`Cannot uninstall the service: ${file}: ${why}`, error);
    });
    await manager.forget();
  }
  const outcome = isThere ? invocation.has("dry-run") ? "dry-run" : "uninstalled" : "not-installed";
  output.line(WORDS[outcome] + file);
  output.document({ outcome, manager: name, file });
  return EXIT.ok;
}

const WORDS = {
  "uninstalled": "✅ Service uninstalled: ",
  "not-installed": "✅ Nothing to uninstall: there is no ",
  "dry-run": "→ Would end the service and remove ",
} as const;
